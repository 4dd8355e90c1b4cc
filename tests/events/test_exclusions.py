"""What says nothing about an account is left out, for one reason each."""

from pathlib import Path

import polars as pl
import pytest

from deliverlab.errors import DataError
from deliverlab.events.exclusions import TEST_DOMAINS, Exclusions
from tests.tables import table

EVENTS = table("""
    account_id | recipient_domain        | campaign_id | is_test | is_transactional
    a          | simulator.amazonses.com | spring      | false   | -
    a          | notsink.sendgrid.net    | spring      | false   | false
    a          | a.test                  | receipt-7   | false   | true
    a          | sub.a.test              | receipts    | false   | -
    b          | a.test                  | -           | false   | true
    b          | b.test                  | spring      | true    | true
    b          | -                       | spring      | false   | -
""")


def _reasons(exclusions: Exclusions) -> list[str | None]:
    return EVENTS.with_columns(reason=exclusions.reason())["reason"].to_list()


def test_by_default_only_test_mailboxes_are_left_out() -> None:
    """By domain (one that only ends like it is none) or the provider's word; unless somebody wants them."""
    assert _reasons(Exclusions()) == ["test_mailbox", None, None, None, None, "test_mailbox", None]
    assert _reasons(Exclusions(test_mailboxes=False)) == [None] * 7
    domains = pl.DataFrame({"recipient_domain": [f"eu.{domain}" for domain in TEST_DOMAINS]}).with_columns(
        is_test=pl.lit(value=False)
    )
    assert set(domains.select(Exclusions().reason()).to_series()) == {"test_mailbox"}


def test_an_accounts_own_domains_are_left_out_for_it_alone() -> None:
    """Mail of others to them counts, and so does what is below them, unless it is named."""
    own = Exclusions(own_domains={"a": ("A.test",), "c": ("b.test",)})
    assert _reasons(own) == ["test_mailbox", None, "own_domain", None, None, "test_mailbox", None]


def test_transactional_mail_is_left_out_if_wanted() -> None:
    """Campaigns by pattern, of which only the star is special; mail without one; what the provider says."""
    wanted = Exclusions(transactional_campaigns=("receipt-*",), mail_without_campaign=True)
    found = ["test_mailbox", None, "transactional", None, "transactional", "test_mailbox", None]
    assert _reasons(wanted) == found
    assert _reasons(Exclusions(transactional=True)) == found
    assert _reasons(Exclusions(transactional=True, test_mailboxes=False))[5:] == ["transactional", None]


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
