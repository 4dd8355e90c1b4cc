"""The walk, and what came of it as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from deliverlab.policy.book import assumed_of, book_of, draws_of
from deliverlab.policy.kernel import layout
from deliverlab.policy.kernel.layout import NONE, NUMBERS, Here, Mail, Notes, Walked
from deliverlab.policy.kernel.walk import walk
from deliverlab.policy.past import accounts_in_scope, day_number, past_of
from deliverlab.policy.peers import peers_of
from deliverlab.schemas import CAUSES, COUNTS, GOOD, Outcomes, Standing, Transitions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import dataframely as dy
    from numpy.typing import NDArray

    from deliverlab.history import History
    from deliverlab.policy.kernel.layout import Assumed, Book, Floats, Past, Peers, Records
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario

BLOCK = 1024  # accounts walked at once: bounds the room they need
FIRST_DRAWS = 4  # notices an account is expected to get at most

Everything: TypeAlias = "tuple[Past, Book, Assumed, Peers]"
Tables: TypeAlias = "tuple[dy.DataFrame[Transitions], dy.DataFrame[Outcomes], dy.DataFrame[Standing]]"


def replay(
    history: History, *, policy: Policy, scenario: Scenario, start: pl.DataFrame, until: date
) -> Tables:
    """Transitions, outcomes and standing of what has been checked at the door."""
    accounts = accounts_in_scope(history, policy=policy, start=start, until=until)
    mode = scenario.review.mode
    records, past = past_of(accounts, history, policy=policy, mode=mode, start=start, until=until)
    peers, records["group"] = peers_of(accounts, history, policy=policy, until=until)
    book = book_of(policy, industries=accounts["industry"].unique().sort().to_list())
    everything = (past, book, assumed_of(scenario), peers)
    ids, stages = accounts["account_id"], pl.Series([GOOD, *policy.stage_names])
    walked = _walk(records, everything, ids=ids, scenario=scenario, until=day_number(until))
    return (
        _transitions(walked, ids, stages=stages, rules=[rule.name for rule in policy.rules]),
        _outcomes(walked, ids, stages=stages),
        _standing(walked, ids, stages=stages, policy=policy, until=until),
    )


def _walk(
    accounts: Records, everything: Everything, *, ids: pl.Series, scenario: Scenario, until: int
) -> Walked:
    """All accounts, block by block; one with more notices than draws of luck is walked again with more."""
    past, book, _, _ = everything
    walked = Walked(
        states=past.states.copy(),
        evidence=past.evidence.copy(),
        days_in_stage=np.zeros((len(accounts), len(book.stages)), np.int64),
        sent=np.zeros((len(accounts), layout.COLUMNS)),
        held=np.zeros((len(accounts), layout.COLUMNS)),
        transitions=np.empty(0, layout.TRANSITION),
        runs=np.empty(0, layout.RUN),
        dues=np.empty(0, layout.DUE),
    )
    lists: list[Sequence[Records]] = [(walked.transitions, walked.runs, walked.dues)]
    for first in range(0, len(accounts), BLOCK):
        block, draws = accounts[first : first + BLOCK], FIRST_DRAWS if scenario.review.mode == "chance" else 0
        while len(block):
            names, given = ids.gather(block["number"]), past.states["notices"][block["number"]]
            luck = draws_of(scenario, account_ids=names, given=given, draws=draws)
            found = _walk_block(block, luck, everything, walked, until=until)
            is_short = (draws > 0) & (walked.states["new_notices"][block["number"]] > draws)
            done = block["number"][~is_short]
            lists.append([lines[np.isin(lines["account"], done)] for lines in found])
            block, draws = block[is_short], 4 * draws
    transitions, runs, dues = (np.concatenate(parts) for parts in zip(*lists, strict=True))
    in_order = np.argsort(transitions["account"], kind="stable")
    return walked._replace(transitions=transitions[in_order], runs=runs, dues=dues)


def _walk_block(
    block: Records, luck: Floats, everything: Everything, walked: Walked, *, until: int
) -> list[Records]:
    """Transitions, runs and due days of some accounts, in room that suffices if each moves every day."""
    days = np.maximum(until + 1 - block["first"], 0)
    runs, dues = block["runs_end"] - block["run"] + days + 1, block["dues_end"] - block["due"] + days
    lists = (
        np.empty(days.sum(), layout.TRANSITION),
        np.empty(runs.sum(), layout.RUN),
        np.empty(dues.sum(), layout.DUE),
    )
    past, book, assumed, peers = everything
    state, today = walked.states[0], np.zeros(1, layout.TODAY)[0]
    room = Here(
        mail=Mail(
            account=block[0],
            state=state,
            today=today,
            totals=np.zeros((block["days"].max() + 1, layout.COLUMNS), np.int64),
            runs=np.zeros(runs.max(), layout.RUN),
            effects=assumed.effects,
        ),
        notes=Notes(
            state=state,
            today=today,
            evidence=walked.evidence[0],
            findings=np.zeros(len(book.rules), layout.FINDING),
            dues=np.zeros(dues.max(), np.int64),
            draws=luck[0],
        ),
        past=past,
        book=book,
        assumed=assumed,
        peers=peers,
    )
    sizes = walk(
        block, luck, walked._replace(transitions=lists[0], runs=lists[1], dues=lists[2]), room, until
    )
    return [lines[:size] for lines, size in zip(lists, sizes, strict=True)]


def _transitions(
    walked: Walked, ids: pl.Series, *, stages: pl.Series, rules: list[str]
) -> dy.DataFrame[Transitions]:
    lines = walked.transitions
    steps = {
        "account_id": _named(lines["account"], ids),
        "day": _dates(lines["day"]),
        "from_stage": _named(lines["from_stage"], stages),
        "to_stage": _named(lines["to_stage"], stages),
        "cause": _named(lines["cause"], pl.Series(CAUSES)),
        "rule": _named(lines["rule"], pl.Series(rules, dtype=pl.String)),
    }
    numbers = {name: pl.Series(lines[name].copy()).fill_nan(None) for name in NUMBERS}
    return Transitions.cast(pl.DataFrame(steps | numbers))


def _outcomes(walked: Walked, ids: pl.Series, *, stages: pl.Series) -> dy.DataFrame[Outcomes]:
    states = walked.states
    counts = {
        "notices": states["new_notices"],
        "reviews": states["reviews"],
        "sending_days": states["sending_days"],
        "identified_days": states["identified_days"],
    }
    sums = {}
    for c, column in enumerate(COUNTS):
        sums[f"{column}_sent"], sums[f"{column}_held"] = walked.sent[:, c], walked.held[:, c]
    days = [
        pl.struct(stage=pl.lit(stage), days=pl.lit(pl.Series(walked.days_in_stage[:, k].copy())))
        for k, stage in enumerate(stages)
    ]
    ends = {
        "account_id": ids,
        "final_stage": _named(states["stage"], stages),
        "first_notice_on": _dates(states["first_notice"]),
    } | {name: pl.Series(numbers.copy()) for name, numbers in (counts | sums).items()}
    return Outcomes.cast(pl.DataFrame(ends).with_columns(days_in_stage=pl.concat_list(days)))


def _standing(
    walked: Walked, ids: pl.Series, *, stages: pl.Series, policy: Policy, until: date
) -> dy.DataFrame[Standing]:
    states = walked.states
    summed = [(r, rule.name) for r, rule in enumerate(policy.rules) if rule.kind == "evidence"]
    sums = [
        pl.struct(rule=pl.lit(name), sum=pl.lit(pl.Series(walked.evidence[:, r].copy())))
        for r, name in summed
    ]
    run = pl.struct("from_day", "send_share", "has_effect")
    runs = pl.DataFrame({
        "account": walked.runs["account"].copy(),
        "from_day": _dates(walked.runs["from_day"]),
        "send_share": walked.runs["send_share"].copy(),
        "has_effect": walked.runs["has_effect"].copy(),
    })  # fmt: skip
    dues = pl.DataFrame({"account": walked.dues["account"].copy(), "day": _dates(walked.dues["day"])})
    stands = {
        "account": np.arange(len(ids)),
        "account_id": ids,
        "stage": _named(states["stage"], stages),
        "entered_on": _dates(np.where(states["stage"] == layout.GOOD, NONE, states["entered"])),
        "cleared_on": _dates(states["cleared"]),
        "last_left": _named(np.where(states["last_left"] == layout.GOOD, NONE, states["last_left"]), stages),
        "fresh_from": _dates(states["fresh"]),
        "clean_streak": states["clean_streak"].copy(),
        "notices": states["notices"].copy(),
        "effect_from": _dates(states["effect_from"]),
    }
    return Standing.cast(
        pl.DataFrame(stands)
        .join(runs.group_by("account").agg(runs=run.sort_by("from_day")), on="account", how="left")
        .join(dues.group_by("account").agg(reviews_due=pl.col("day").sort()), on="account", how="left")
        .sort("account")
        .with_columns(
            as_of=pl.lit(until),
            evidence=pl.concat_list(sums) if sums else pl.lit([]),
            reviews_due=pl.col("reviews_due").fill_null([]),
            runs=pl.col("runs").fill_null([]),
        )
    )


def _named(places: NDArray[np.int64], names: pl.Series) -> pl.Series:
    """The names at these places; null where there is none."""
    return names.gather(_or_null(places))


def _dates(days: NDArray[np.int64]) -> pl.Series:
    """Dates from days since 1970-01-01; null where there is none."""
    return _or_null(days).cast(pl.Int32).cast(pl.Date)


def _or_null(numbers: NDArray[np.int64]) -> pl.Series:
    return pl.Series(numbers.copy()).replace(NONE, None)
