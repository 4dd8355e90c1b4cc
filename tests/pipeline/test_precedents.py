"""What rulebooks would have done to accounts whose trouble was told in public."""

from __future__ import annotations

import pytest

from deliverlab import reports
from deliverlab.errors import DataError
from deliverlab.pipeline.precedents import replay_precedents
from deliverlab.policy.model import Policy
from deliverlab.sample.precedents import precedents


def test_one_bounce_in_thirteen_stops_nobody_who_asks_for_evidence() -> None:
    """Only the rulebook without a minimum of mail does what was told, as soon as the day counts."""
    found = replay_precedents().filter(account_id="one-of-13").drop_nulls("stopped_after_days")

    assert found.select("policy", "stopped_after_days", "events", "trials").rows() == [
        ("hubspot-suspension-like", 2, 1.0, 13.0)
    ]


def test_amazon_would_notice_what_it_noticed() -> None:
    """Both senders that got a notice of Amazon's are stopped by its rulebook; 980 mails are too few."""
    found = replay_precedents(["amazon-ses-like"])

    assert dict(found.select("account_id", "gravest_stage").iter_rows()) == {
        "free-account": "good", "one-of-13": "good", "one-of-5": "good",
        "ses-2017": "sending paused", "ses-2020": "sending paused",
    }  # fmt: skip


def test_every_preset_answers_for_every_precedent() -> None:
    """Presets times precedents, and each notice comes before or with the stop."""
    found = replay_precedents()

    assert found.height == len(Policy.presets()) * precedents().height
    stopped = found.drop_nulls("stopped_after_days")
    assert (stopped["noticed_after_days"] <= stopped["stopped_after_days"]).all()


def test_the_page_gives_the_answer_first() -> None:
    """The least mail first, in words; a cell for each rulebook and account."""
    replayed = replay_precedents(["hubspot-suspension-like", "evidence"])

    answer = reports.precedents_answer(precedents(), replayed)
    cells = reports.precedents_by_rulebook(precedents(), replayed)

    assert answer.words == "1 bounce in 5 mails: 1 of 2 rulebooks would stop the account"
    assert "one-of-13 hubspot-suspension-like stopped day 3" in cells.words
    assert "one-of-13 evidence –" in cells.words
    assert 'id="precedents"' in cells.html


def test_a_policy_that_is_not_there_is_one_line() -> None:
    """As everywhere."""
    with pytest.raises(DataError, match="policy == 'ses', must be one of"):
        replay_precedents(["ses"])
