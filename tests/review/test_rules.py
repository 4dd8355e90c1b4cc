"""Numbers and words of a review, each with its source, or one line that says what is wrong."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from deliverlab.errors import PolicyError
from deliverlab.review.reasons import REASONS
from deliverlab.review.rules import ReviewRules


def written(path: Path, text: str) -> Path:
    rules = path / "mine.toml"
    rules.write_text(text, encoding="utf-8")
    return rules


def test_every_shipped_rule_names_its_source() -> None:
    """No number and no word list stands there without where it comes from."""
    rules = ReviewRules.default()

    assert set(rules.sources) == set(ReviewRules.model_fields) - {"sources"}


def test_every_reason_names_its_source() -> None:
    """What a finding leads to comes from somewhere too, or says that it is inferred."""
    for reason in REASONS.values():
        assert re.search(r"\((published|second-hand)|inferred|as above", reason.source), reason.code


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    """The other rules stay as shipped; words are compared in lower case."""
    path = written(
        tmp_path,
        'quiet_days = 182\nown_brands = ["Acme"]\n[sources]\nquiet_days = "six months"\nown_brands = "us"',
    )

    rules = ReviewRules.from_toml(path)

    assert (rules.quiet_days, rules.own_brands, rules.sources["quiet_days"]) == (182, ("acme",), "six months")
    assert rules.never_engaged_sends == ReviewRules.default().never_engaged_sends


def test_rules_are_frozen() -> None:
    """Nobody changes the rules of a run while it runs."""
    with pytest.raises(ValidationError):
        ReviewRules.default().quiet_days = 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quiet_day = 3", "quiet_day is no rule; did you mean 'quiet_days'?"),
        ("quiet_days = 182", "quiet_days is changed without a source, must have one under [sources]"),
        (
            'quiet_days = 0\n[sources]\nquiet_days = "x"',
            "quiet_days == 0, must be greater than or equal to 1",
        ),
        ('quiet_days = "9"\n[sources]\nquiet_days = "x"', "quiet_days == '9', must be a valid integer"),
        ('quiet_days = 9\n[sources]\nquiet_days = ""', "sources.quiet_days == '', "),
        (
            '[sources]\nquite_days = "x"',
            "sources.quite_days, must be the name of a rule; did you mean 'quiet_days'?",
        ),
        ('sources = "x"', "sources == 'x', must be a table of sentences by rule"),
        (
            'address_bounces = ["gone"]\n[sources]\naddress_bounces = "x"',
            "address_bounces.0 == 'gone', must be one of invalid_address, mailbox_disabled",
        ),
        ("quiet_days = ", "must be a TOML file that can be read"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The line names the file, the key, the value and what it must be."""
    path = written(tmp_path, text)

    with pytest.raises(PolicyError, match=re.escape(f"{path}: {message}")) as caught:
        ReviewRules.from_toml(path)

    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file is a clear error too."""
    with pytest.raises(PolicyError, match="must be a TOML file that can be read"):
        ReviewRules.from_toml(tmp_path / "none.toml")
