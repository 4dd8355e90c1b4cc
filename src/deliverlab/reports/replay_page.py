"""The page of a policy replayed over history: whom it would have noticed, what that averts and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.account_page import notices
from deliverlab.reports.figure_tables import figures_table
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from deliverlab.reports.policy_inputs import Replay
    from deliverlab.reports.render import Chart, Html

STEPS_SHOWN = 12
TILES = {
    "noticed": "Accounts noticed",
    "blocked": "Accounts stopped",
    "harm_averted_share": "Harm averted",
    "good_mail_blocked_share": "Good mail held",
}


def replay_answer(replay: Replay, /) -> Html:
    """The answer: how many accounts get a notice and how many are stopped; under which assumption."""
    found = _everybody(replay)
    noticed, accounts = (numbers.count(found[name]["figure"]) for name in ("noticed", "accounts"))
    stopped = numbers.count(found["blocked"]["figure"])
    headline = (
        f"{noticed} of {accounts} accounts would have got a notice, and {stopped} would have been stopped"
    )
    facts = [replay.policy_title, f"Assumed: {replay.scenario_name}", f"To {numbers.day(replay.as_of)}"]
    tiles = {
        words: numbers.measured(found[name]["figure"], found[name]["unit"])
        for name, words in TILES.items()
        if name in found
    }
    return fragment(
        "replay", words=headline, kicker="Policy simulation", headline=headline, facts=facts, tiles=tiles,
        notices=notices(replay), paragraphs=[replay.identified],
    )  # fmt: skip


def figures(replay: Replay, /) -> Html:
    """What the policy comes to, each figure with its interval."""
    return figures_table(replay.evaluation)


def stages_over_time(replay: Replay, /) -> Chart:
    """How many accounts are in each stage, day by day."""
    from deliverlab.reports.charts import plot_stages

    return plot_stages(replay.timeline, stages=replay.stages)


def false_trips(replay: Replay, /) -> Chart | Html:
    """Whether clean accounts of one industry or volume pay more than others; nothing without labels."""
    from deliverlab.reports.policy_charts import plot_false_trips

    found = replay.evaluation.filter(pl.col("measure") == "false_trip_rate")
    if not found.height:
        words = "No account is labelled clean, so nothing can be said of clean accounts that get a notice."
        return fragment("said", words=words, paragraphs=[words])
    by = pl.when(pl.col("industry").is_not_null()).then(pl.lit("industry")).otherwise(pl.lit("band"))
    groups = (
        found.filter(pl.col("industry").is_not_null() | pl.col("band").is_not_null())
        .with_columns(kind=by, group=pl.coalesce("industry", pl.col("band").cast(pl.String)))
        .sort(pl.col("kind") != "band", pl.col("band"), "group")
    )
    return plot_false_trips(groups, overall=_everybody(replay)["false_trip_rate"]["figure"])


def newest_steps(replay: Replay, /, *, length: int = STEPS_SHOWN) -> Html:
    """The newest steps, each with what a person could read to the account."""
    names = replay.accounts.select("account_id", name=pl.col("name").fill_null(pl.col("account_id")))
    steps = replay.steps.head(length).join(names, on="account_id", maintain_order="left")
    return fragment(
        "told", words=f"{replay.steps.height} steps in all", rows=steps.rows(named=True),
        more=max(0, replay.steps.height - length),
    )  # fmt: skip


def whose(replay: Replay, /) -> Html:
    """Whose days the timeline shows."""
    account = replay.accounts.row(by_predicate=pl.col("account_id") == replay.account_id, named=True)
    name = account["name"] or account["account_id"]
    return fragment("said", words=f"As an example: {name}", paragraphs=[f"As an example: {name}."])


def _everybody(replay: Replay) -> dict[str, dict[str, Any]]:
    """The rows of everybody that are about nothing in particular, by measure."""
    whole = replay.evaluation.filter(
        pl.col("industry").is_null(), pl.col("band").is_null(), pl.col("about").is_null()
    )
    return {row["measure"]: row for row in whole.iter_rows(named=True)}
