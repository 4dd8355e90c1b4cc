"""Decisions judged by what came after them: the sample's stories, decided on one day, seen a month later.

Three truths that no rule looks at: who came with a list that the story calls bought or uploaded, or signed up
by a robot; who bounced or complained in the month after; who read in it and is a permitted contact.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.pipeline.checklists import contacts_of, events_of
from deliverlab.review.removals import as_if_unknown

if TYPE_CHECKING:
    from pathlib import Path

DECIDED_ON, SEEN_ON = date(2026, 5, 31), date(2026, 6, 30)
AFTER = datetime(2026, 6, 1, tzinfo=UTC)
STRANGERS = ["purchased-list", "purchased-list-1", "purchased-list-2", "uploaded-list", "web-form"]
PROOF = ("consent_source", "consent_means", "consent_at")


def shares(data: Path, account_id: str) -> dict[str, float | None]:
    """The shares of strangers named, of harm to come named, and of good readers kept."""
    contacts = contacts_of(data, [account_id])
    stored = events_of(contacts, data)
    assert stored is not None
    events = stored.collect()
    known = contacts.filter(pl.col("created_at") < AFTER)
    then = dl.contact_decisions(as_if_unknown(known), events, as_of=DECIDED_ON).collect()
    now = dl.contact_decisions(contacts, events, as_of=SEEN_ON).collect()
    later = events.filter(pl.col("occurred_at") >= AFTER)
    kinds = pl.col("event_type").cast(pl.String)
    harmed = later.filter(kinds.is_in(["hard_bounce", "complaint"]))["recipient"]
    read = later.filter(kinds.is_in(["open", "click"]) & ~pl.col("is_machine"))["recipient"]
    facts = contacts.select("email", "import_id", "consent", *PROOF, "brand")
    is_stranger = pl.col("import_id").is_in(STRANGERS).fill_null(value=False)
    is_permitted = (
        pl.col("consent").cast(pl.String).is_in(["double_opt_in", "single_opt_in"])
        & pl.all_horizontal(pl.col(name).is_not_null() for name in PROOF)
        & (pl.col("brand") == pl.col("brand").mode().first())
        & ~is_stranger
    )
    is_good = pl.col("email").is_in(read.implode()) & ~pl.col("email").is_in(harmed.implode()) & is_permitted
    return {
        "strangers": _named(now.join(facts, on="email").filter(is_stranger)),
        "harm": _named(then.filter(pl.col("email").is_in(harmed.implode()))),
        "good": _kept(then.join(facts, on="email").filter(is_good)),
    }


def _named(decisions: pl.DataFrame) -> float | None:
    return (decisions["decision"] != "keep").mean()  # type: ignore[return-value]


def _kept(decisions: pl.DataFrame) -> float | None:
    return (decisions["decision"] == "keep").mean()  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("story", "strangers", "harm", "good"),
    [
        ("purchased_list", 1.0, 0.9, 0.95),
        ("form_abuse", 1.0, 0.8, 0.95),
        ("re_offender", 1.0, 0.9, 0.95),
        ("decaying_list", None, 0.5, 0.9),  # addresses that die tomorrow look like those that do not
        ("healthy", None, 0.0, 0.95),
    ],
)
def test_the_bad_are_found_and_the_good_are_kept(
    story: str, strangers: float | None, harm: float, good: float, sample: Path, walked: Path
) -> None:
    """Strangers are all named; most of the harm of a bad list is named before it comes; readers are kept."""
    stories = pl.read_csv(sample / "stories.csv").filter(story=story)
    account_id = stories["account_id"].min()

    found = shares(walked, str(account_id))

    print(story, found)  # noqa: T201  the figures, for whoever runs this test with -s
    assert found["strangers"] == strangers
    assert found["harm"] is not None
    assert found["harm"] >= harm
    assert found["good"] is not None
    assert found["good"] >= good
