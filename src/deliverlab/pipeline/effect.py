"""Did reviews help? The road from a history to the effect of its contact reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.health.ratios import ratios
from deliverlab.pipeline.alike import FOREVER, alike
from deliverlab.pipeline.road import with_peers
from deliverlab.review.account_effects import account_effects
from deliverlab.review.effect import (
    MEASURES,
    VOLUME,
    Changes,
    effects,
)
from deliverlab.review.event_study import BIN_DAYS, bins, event_study
from deliverlab.review.holds import holds
from deliverlab.review.matching import closeness
from deliverlab.review.multipliers import multipliers
from deliverlab.review.resampling import DRAWS
from deliverlab.review.spells import RELAPSE_DAYS, Answers, answers, spells

if TYPE_CHECKING:
    from datetime import date

    import dataframely as dy

    from deliverlab.history import History
    from deliverlab.review.account_effects import AccountEffects
    from deliverlab.review.effect import Effect
    from deliverlab.review.event_study import EventStudy
    from deliverlab.review.holds import Holds
    from deliverlab.review.matching import Matches
    from deliverlab.review.multipliers import Multipliers

WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True, repr=False)
class ReviewEffect:
    """What the reviews of a history did, over all and account by account, and on whom that rests.

    `effects` is of completed reviews, `accounts` of every review and metric; `holds` by outcome, reviewer
    and remedy; `multipliers` are what a scenario takes. `changes` are what all of it is made of: `compare`
    a choice of them for a choice of reviews. `too_recent` counts reviews whose outcome is not known yet.
    """

    effects: dy.DataFrame[Effect]
    accounts: dy.DataFrame[AccountEffects]
    holds: dy.DataFrame[Holds]
    event_study: dy.DataFrame[EventStudy]
    multipliers: dy.DataFrame[Multipliers]
    matches: dy.DataFrame[Matches]
    changes: dy.DataFrame[Changes]
    answers: dy.DataFrame[Answers]
    window_days: int
    too_recent: int

    def __repr__(self) -> str:
        """How many reviews it rests on."""
        return (
            f"ReviewEffect({self.answers.height} reviews, {self.too_recent} of them too recent, "
            f"{self.matched} with matches)"
        )

    @property
    def matched(self) -> int:
        """How many reviews have accounts that were alike."""
        return self.matches.select("account_id", "reviewed_on").n_unique()

    @property
    def sentence(self) -> str:
        """The answer: what completed reviews left of hard bounces, or why nobody can say."""
        row = self.effects.filter(pl.col("measure") == "hard_bounce_rate").row(0, named=True)
        rests = (
            f"{self.answers.height} reviews, {self.too_recent} of them too recent to tell, "
            f"{self.matched} with accounts that were alike"
        )
        if row["effect"] is None:
            return f"What reviews did cannot be told: {row['why']}. History holds {rests}."
        low, high = (f"{row[f'effect_{side}']:.0%}" for side in ("low", "high"))
        found = "no effect is shown" if row["effect_low"] <= 1 <= row["effect_high"] else "that is an effect"
        return (
            f"Completed reviews left {row['effect']:.0%} of the hard bounce rate there would have been "
            f"({low} to {high}): {found}. History holds {rests}."
        )


def review_effect(
    history: History,
    /,
    *,
    window_days: int = WINDOW_DAYS,
    relapse_days: int = RELAPSE_DAYS,
    seed: int = 0,
    draws: int = DRAWS,
) -> ReviewEffect:
    """What reviews did to accounts' mail, beside accounts that tripped alike and were not reviewed.

    A notice comes on an account's worst days, and much of what follows would have come by itself (regression
    to the mean), so before and after say little. Each reviewed account is matched with accounts of its
    volume that were as far above their peers, in every enforced metric, then and a window before
    (`review.matching`); what reviews did is how much more the reviewed ones changed (`review.effect`).
    Before are the `window_days` that were known on the day of the notice, or where there was none on the day
    before the review; after are as many from the day after it.

    What nobody can tell from history: whether those who reviewed would have mended anyway, for a reason that
    their mail did not show beforehand. Accounts that sent nothing afterwards say nothing, matched ones that
    were suspended among them. Where too few match there is no figure, and `why` says so. Among few accounts
    the nearest are a little less ill than the reviewed ones, which understates the effect: by about 9% among
    400 accounts, hardly among 3,000 (`benchmarks/review_effect.py`).

    Where the history has no peer rates, monthly ones are computed from it. `seed` draws the accounts anew
    for the bounds, `draws` times.

    Raises:
        DataError: `window_days` or `draws` is too small.

    >>> from deliverlab.history import History
    >>> from deliverlab.schemas import Accounts, Daily
    >>> nobody = review_effect(History(Daily.create_empty(), Accounts.create_empty()))
    >>> nobody, nobody.effects["effect"].null_count()
    (ReviewEffect(0 reviews, 0 of them too recent, 0 with matches), 8)
    """
    for name, given, least in (
        ("window_days", window_days, 1),
        ("draws", draws, 2),
        ("relapse_days", relapse_days, 1),
    ):
        if given < least:
            raise DataError(f"review_effect: {name} == {given}, must be at least {least}")
    everybody = with_peers(history)
    found = spells(everybody.enforcement, everybody.reviews)
    answered = answers(everybody.reviews, found)
    settled_on = (everybody.until or FOREVER) - timedelta(days=everybody.known_within_days)
    told = Answers.cast(answered.filter(pl.col("reviewed_on") + pl.duration(days=window_days) <= settled_on))
    matched = alike(everybody, told, found, settled_on=settled_on, window_days=window_days)
    members = _members(told, matched)
    changes = _changes(everybody, members, window_days=window_days)
    completed = changes.filter(pl.col("outcome") == "completed")
    over_all = effects(completed, seed=seed, draws=draws)
    return ReviewEffect(
        effects=over_all,
        accounts=account_effects(changes),
        holds=holds(changes, answered, until=settled_on, relapse_days=relapse_days, seed=seed, draws=draws),
        event_study=_event_study(everybody, members, settled_on=settled_on, seed=seed, draws=draws),
        multipliers=multipliers(over_all, completed),
        matches=matched,
        changes=changes,
        answers=answered,
        window_days=window_days,
        too_recent=answered.height - told.height,
    )


def _members(told: dy.DataFrame[Answers], matched: dy.DataFrame[Matches]) -> pl.DataFrame:
    """Everybody in a matched set with the day of its notice, or of the match, and that of the review."""
    key = ["account_id", "reviewed_on"]
    whose = matched.join(told.select(*key, "outcome"), on=key)
    facts = [*key, "outcome", "tripped_by"]
    themselves = whose.select(
        *facts,
        member_id="account_id",
        is_reviewed=pl.lit(value=True),
        closeness=pl.lit(1.0),
        day="noticed_on",
        review_day="reviewed_on",
    ).unique(maintain_order=True)
    others = whose.select(
        *facts, member_id="match_id", is_reviewed=pl.lit(value=False), closeness=closeness(), day="match_day",
        review_day=pl.col("match_day") + (pl.col("reviewed_on") - pl.col("noticed_on")),
    )  # fmt: skip
    order = [False, False, True, False]
    return pl.concat([themselves, others]).sort(*key, "is_reviewed", "member_id", descending=order)


def _changes(history: History, members: pl.DataFrame, *, window_days: int) -> dy.DataFrame[Changes]:
    """Every member before and after, in each measure."""
    chosen = history.select(members["member_id"].unique())
    after_day = pl.col("review_day") + pl.duration(days=window_days + history.known_within_days)
    placed = members.with_columns(after_day=after_day)
    before, after = (
        ratios(chosen, days=placed[name], window_days=window_days).rename(
            {"account_id": "member_id", "day": name}
        )
        for name in ("day", "after_day")
    )
    rates = placed.join(before, on=["member_id", "day"], maintain_order="left").join(
        after, on=["member_id", "after_day", "metric"], how="left", suffix="_after", maintain_order="left"
    )
    volume = rates.filter(pl.col("metric") == "open_rate").select(
        pl.exclude("metric", "ratio", "shrunken_ratio", "evidence", "ratio_after", "shrunken_ratio_after"),
        measure=pl.lit(VOLUME, pl.Enum(MEASURES)),
        ratio_after=pl.col("trials_after").fill_null(0) / pl.col("trials"),
        **{name: pl.lit(1.0) for name in ("ratio", "shrunken_ratio", "evidence")},
    )
    every = pl.concat(
        [rates.with_columns(measure=pl.col("metric").cast(pl.Enum(MEASURES))), volume], how="diagonal"
    )
    return Changes.cast(
        every.with_columns(
            ratio_before="ratio",
            shrunken_before="shrunken_ratio",
            shrunken_after="shrunken_ratio_after",
            expected_before=pl.col("evidence") * pl.col("shrunken_ratio"),
            events_before="events", trials_before="trials", spread_before="spread",
        ).select(Changes.column_names())
    )  # fmt: skip


def _event_study(
    history: History, members: pl.DataFrame, *, settled_on: date, seed: int, draws: int
) -> dy.DataFrame[EventStudy]:
    """The ratios of completed reviews' accounts and their matches, a bin of days at a time."""
    completed = members.filter(pl.col("outcome") == "completed")
    binned = bins(completed).filter(pl.col("last_day") <= settled_on)
    later = binned.filter(~pl.col("is_reviewed")).join(
        history.reviews.select(member_id="account_id", later="reviewed_on"), on="member_id"
    )
    answered = later.filter(pl.col("later").is_between("day", "last_day"))  # no longer unreviewed
    binned = binned.join(answered, on=["account_id", "reviewed_on", "member_id", "last_day"], how="anti")
    chosen = history.select(completed["member_id"].unique())
    look_day = pl.col("last_day") + pl.duration(days=history.known_within_days)
    placed = binned.with_columns(look_day=look_day)
    seen = ratios(chosen, days=placed["look_day"], window_days=BIN_DAYS)
    return event_study(
        placed.join(
            seen.select(
                "ratio", member_id="account_id", look_day="day", tripped_by="metric", expected="evidence"
            ),
            on=["member_id", "look_day", "tripped_by"], maintain_order="left",
        ),
        seed=seed, draws=draws,
    )  # fmt: skip
