"""What if accounts were labelled, pooled, measured or judged otherwise: one policy under each choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.pipeline.choices import Setting
from deliverlab.policy.figures import main_figures
from deliverlab.schemas import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.history import History
    from deliverlab.pipeline.choices import WhatIf
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation

AS_IT_IS = "as it is"


class WhatIfFigures(Table):
    """A row a choice: its main figures, and how many accounts it treats otherwise than "as it is".

    `noticed` and `suspended` count accounts as judged, so families where families are; `newly_noticed`,
    `spared` and `moved` the accounts themselves.
    """

    what_if = dy.String(primary_key=True)
    accounts = dy.Int64(min=0)
    noticed = dy.Int64(min=0)
    notices = dy.Int64(min=0)
    suspended = dy.Int64(min=0)
    mail_held = dy.Float64(min=0.0)
    mail_sent = dy.Float64(min=0.0)
    newly_noticed = dy.Int64(min=0)
    spared = dy.Int64(min=0)
    moved = dy.Int64(min=0)


class Movers(Table):
    """An account that a choice treats otherwise: its first notice and its worst stage, as it is and if."""

    what_if = dy.String(primary_key=True)
    account_id = dy.String(primary_key=True)
    judged_as = dy.String()
    first_notice_on = dy.Date(nullable=True)
    first_notice_if = dy.Date(nullable=True)
    worst_stage = dy.String(nullable=True)
    worst_stage_if = dy.String(nullable=True)


@dataclass(frozen=True, kw_only=True)
class WhatIfs:
    """One policy under several choices: their figures, and the accounts that they move."""

    figures: dy.DataFrame[WhatIfFigures]
    movers: dy.DataFrame[Movers]


def what_if(
    history: History, *, policy: Policy, scenario: Scenario, choices: Mapping[str, WhatIf]
) -> WhatIfs:
    """What the policy would do under each choice, and to whom it would do something else than as things are.

    A choice is one of `relabelled`, `pooled`, `out_of` and `by_parent`, several of them `in_turn`, or any
    function from `Setting` to `Setting`. Peer rates are monthly ones, made anew in every row, "as it is" too:
    rows differ by the choice alone. Families have lost the reviews and the luck of their members: judge them
    under a scenario that needs neither, as `Scenario.never()` or `.after()`.

    Raises `DataError` or `PolicyError` where a choice names what does not exist, or as `simulate` does.
    """
    if AS_IT_IS in choices:
        raise DataError(f"choices: {AS_IT_IS!r} is the name of the row without a choice, must be another")
    base = Setting(history=history, policy=policy)
    settings = {AS_IT_IS: base} | {name: choice(base) for name, choice in choices.items()}
    results = {name: setting.simulate(scenario) for name, setting in settings.items()}
    told = {name: _told(settings[name], result, history) for name, result in results.items()}
    movers = pl.concat(
        told[AS_IT_IS]
        .join(told[name].rename({"first_notice_on": "first_notice_if", "worst_stage": "worst_stage_if"}),
              on="account_id", suffix="_then")
        .select("account_id", pl.lit(name).alias("what_if"), pl.col("judged_as_then").alias("judged_as"),
                "first_notice_on", "first_notice_if", "worst_stage", "worst_stage_if")
        .filter(pl.col("first_notice_on").ne_missing(pl.col("first_notice_if"))
                | pl.col("worst_stage").ne_missing(pl.col("worst_stage_if")))
        for name in settings
    )  # fmt: skip
    was, would_be = pl.col("first_notice_on").is_null(), pl.col("first_notice_if").is_null()
    moved = movers.group_by("what_if").agg(
        newly_noticed=(was & ~would_be).sum(), spared=(would_be & ~was).sum(), moved=pl.len()
    )
    figures = pl.DataFrame([{"what_if": name} | main_figures(result) for name, result in results.items()])
    return WhatIfs(
        figures=WhatIfFigures.cast(
            figures.join(moved, on="what_if", how="left", maintain_order="left").with_columns(
                pl.col("newly_noticed", "spared", "moved").fill_null(0)
            )
        ),
        movers=Movers.cast(movers),
    )


def _told(setting: Setting, result: Simulation, history: History) -> pl.DataFrame:
    """Each account of the history: as whom it was judged, its first notice, and its worst stage, if any."""
    stages = (GOOD, *setting.policy.stage_names)
    worst = (
        result.transitions.group_by("account_id")
        .agg(worst_stage=pl.col("to_stage").replace_strict(stages, range(len(stages))).max())
        .with_columns(pl.col("worst_stage").replace_strict(range(len(stages)), stages))
    )
    judged = result.outcomes.select(
        judged_as="account_id", first_notice_on="first_notice_on", in_scope=pl.lit(value=True)
    ).join(worst, left_on="judged_as", right_on="account_id", how="left")
    return (
        history.accounts.select("account_id")
        .with_columns(judged_as=pl.col("account_id").replace(setting.judged_as))
        .join(judged, on="judged_as", how="left", maintain_order="left")
        .with_columns(worst_stage=pl.when("in_scope").then(pl.col("worst_stage").fill_null(GOOD)))
        .drop("in_scope")
    )
