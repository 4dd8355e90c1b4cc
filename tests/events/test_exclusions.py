"""What says nothing about an account is left out, for one reason each."""

from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.events.exclusions import TEST_DOMAINS, Exclusions
from tests.tables import table

EVENTS = table("""
    account_id | recipient_domain        | campaign_id
    a          | simulator.amazonses.com | spring
    a          | notsink.sendgrid.net    | spring
    a          | a.test                  | receipt-7
    a          | sub.a.test              | receipts
    b          | a.test                  | -
    b          | b.test                  | spring
""")


def _reasons(exclusions: Exclusions) -> list[str | None]:
    return EVENTS.with_columns(reason=exclusions.reason())["reason"].to_list()


def test_by_default_only_test_mailboxes_are_left_out() -> None:
    """A domain that only ends like one is none; and even they count if somebody wants them to."""
    assert _reasons(Exclusions()) == ["test_mailbox", None, None, None, None, None]
    assert _reasons(Exclusions(test_mailboxes=False)) == [None] * 6
    domains = pl.DataFrame({"recipient_domain": [f"eu.{domain}" for domain in TEST_DOMAINS]})
    assert set(domains.select(Exclusions().reason()).to_series()) == {"test_mailbox"}


def test_an_accounts_own_domains_are_left_out_for_it_alone() -> None:
    """Mail of others to them counts, and so does what is below them, unless it is named."""
    own = Exclusions(own_domains={"a": ("A.test",), "c": ("b.test",)})
    assert _reasons(own) == ["test_mailbox", None, "own_domain", None, None, None]


def test_transactional_mail_is_left_out_if_wanted() -> None:
    """Campaigns by pattern, of which only the star is special; and mail without a campaign."""
    wanted = Exclusions(transactional_campaigns=("receipt-*",), mail_without_campaign=True)
    assert _reasons(wanted) == ["test_mailbox", None, "transactional", None, "transactional", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("own_domains = 7", r"exclusions.toml: own_domains == 7: .*dictionary"),
        ("own_domain = {}", r"own_domain == \{\}: Extra inputs are not permitted"),
        ("= 7", "must be TOML"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The file, the key and the value are named."""
    path = tmp_path / "exclusions.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        Exclusions.from_toml(path)
    assert "\n" not in str(caught.value)


def test_a_file_says_what_to_leave_out(tmp_path: Path) -> None:
    """TOML keys are the names of the settings."""
    path = tmp_path / "exclusions.toml"
    path.write_text('mail_without_campaign = true\n[own_domains]\na = ["a.test"]\n')
    assert Exclusions.from_toml(path) == Exclusions(
        mail_without_campaign=True, own_domains={"a": ("a.test",)}
    )
