"""The checklist has the review's steps in order, names contacts with reasons, and masks their addresses."""

import re
from dataclasses import replace

import polars as pl

from deliverlab import reports
from deliverlab.schemas import ContactDecisions
from tests.reports.fakes import a_case, some_groups, some_removals, some_segments


def test_steps_stand_in_their_order() -> None:
    """The page is a numbered list of the steps as they were given."""
    html = reports.checklist(a_case()).html

    found = [html.index(step.title) for step in a_case().steps]
    assert found == sorted(found)
    assert html.count('<ol class="steps">') == 1


def test_the_three_ways_are_numbered() -> None:
    """Points of a step are an ordered list."""
    html = reports.checklist(a_case()).html

    points = html[html.index('<ol class="points">') :]
    assert points[: points.index("</ol>")].count("<li>") == 3


def test_contacts_stand_under_the_step_they_are_about() -> None:
    """A group stands with its count, its decision and whether it gets mail at all, in its section's step."""
    html = reports.checklist(a_case()).html

    permission = html[html.index("Remove who gave") : html.index("Remove addresses")]
    assert "12 contacts, 86%" in permission
    assert ">Remove</span>" in permission
    assert ">Reconfirm</span>" in permission
    assert "1 contact, 7%, gets no mail already" in permission
    assert "No contact of yours needs this." in html[html.index("Remove addresses") :]


def test_addresses_are_masked_unless_asked_for() -> None:
    """No clear address is on the page by default; asked for, they are, and the page says so."""
    masked, clear = reports.checklist(a_case()).html, reports.checklist(a_case(), show_addresses=True).html

    assert "@shop.example" not in masked
    assert "p…@masked.example" in masked
    assert "in clear" not in masked
    assert "person00@shop.example" in clear
    assert "Addresses on this page are in clear." in clear


def test_long_groups_open() -> None:
    """The first contacts are shown, the rest can be opened, none is lost."""
    html = reports.checklist(a_case(), show_addresses=True).html

    assert "and 4 more" in html
    assert html.count("@shop.example") == 13


def test_contacts_that_are_not_listed_are_counted() -> None:
    """A group longer than its list says how many are left out."""
    groups = some_groups().with_columns(contacts=pl.lit(1_000))

    assert (
        "988 more of this kind are not listed here"
        in reports.checklist(replace(a_case(), groups=groups)).html
    )


def test_the_attestation_waits_for_a_name_and_a_date() -> None:
    """The last lines are the words to confirm, empty lines for name and date, and the checklist's number."""
    html = reports.checklist(a_case()).html

    signed = html[html.index("I have reviewed my contacts") :]
    assert "<dt>Name</dt><dd></dd>" in signed
    assert "<dt>Date</dt><dd></dd>" in signed
    assert "c0ffee" in signed


def test_the_headline_counts_the_work() -> None:
    """How many contacts need a change, and which."""
    html = reports.to_review(a_case()).html

    assert "13 of your 14 contacts need a change" in html
    assert "<dt>Remove</dt><dd>12</dd>" in html


def test_without_contacts_the_steps_remain() -> None:
    """An account whose list is not here gets the steps and no empty groups."""
    case = replace(a_case(), decisions=ContactDecisions.create_empty(), groups=some_groups().clear())

    assert "There is no contact list of yours with us." in reports.to_review(case).html
    assert "No contact of yours" not in reports.checklist(case).html


def test_nothing_hostile_gets_through() -> None:
    """Evidence, reasons and addresses are text, whatever stands in them."""
    html = reports.checklist(a_case(), show_addresses=True).html

    assert "<script" not in html
    assert "<i>permission" not in html
    assert "source: &lt;script&gt;" in html


def test_each_group_stands_beside_what_rates_would_have_been_without_it() -> None:
    """As it was, then without each group, then the two sums; and what that assumes."""
    html = reports.what_it_changes(a_case()).html

    rows = re.findall(r"<tr.*?</tr>", html)
    assert [re.sub(r"<[^>]+>", " ", row).split() for row in rows[1:2]] == [
        ["As", "it", "was", "2.1%", "0.2%"]
    ]
    assert "No &lt;i&gt;permission" in rows[2]
    assert "0.7%" in rows[2]
    assert "All of these contacts" in rows[3]
    assert "known before" in rows[4]
    assert "It is hindsight" in html
    assert "Your mail of 30 May 2026 to 28 June 2026" in html


def test_segments_say_their_share_of_the_excess() -> None:
    """Imports and campaigns by name, escaped; who got a campaign is not counted."""
    html = reports.where_from(a_case()).html

    assert "Import “&lt;script&gt;" in html
    assert "90%" in html
    assert "Campaign “june”" in html
    assert (
        "No import, form or campaign"
        in reports.where_from(replace(a_case(), segments=some_segments().clear())).html
    )


def test_the_last_step_has_its_dates_and_what_recovery_looks_like() -> None:
    """The next escalation by its day, the way back, and how far the rate can come by when."""
    html = reports.checklist(a_case()).html

    after = html[html.index("What happens next") :]
    assert "If you have not reviewed your contacts by 1 July 2026" in after
    assert "31 July 2026" in after
    assert "would have been 0.9% instead of 2.1%" in after


def test_no_recovery_is_promised_that_history_does_not_show() -> None:
    """Where nothing that was known before would have helped, the page is silent."""
    no_help = some_removals().with_columns(rate_without=pl.col("rate"))

    assert "instead of" not in reports.checklist(replace(a_case(), removals=no_help)).html


def test_removing_only_the_suppressed_is_no_remedy() -> None:
    """The page says so at its top, unless there is nothing to do."""
    useless = replace(a_case(), summary={"is_remedy": False})
    clean = replace(useless, decisions=a_case().decisions.filter(pl.col("decision") == "keep"))

    assert "is no remedy" in reports.to_review(useless).html
    assert "is no remedy" not in reports.to_review(a_case()).html
    assert "is no remedy" not in reports.to_review(clean).html
