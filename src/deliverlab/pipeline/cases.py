"""What pages about an account show: its case, gathered from a data directory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.display import bundle, paragraph
from deliverlab.history import History
from deliverlab.language import ENGLISH, as_language, speaking
from deliverlab.pipeline.checklists import Checklist
from deliverlab.pipeline.directory import about, read_table, refuse_nothing
from deliverlab.pipeline.judgements import judgement_of
from deliverlab.pipeline.lookup import as_day, as_source, load_policy, refuse_stranger
from deliverlab.pipeline.standings import stages_on
from deliverlab.review.display import checklist_html, checklist_text
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL, Accounts, Daily

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from deliverlab.display import Bundle
    from deliverlab.pipeline.judgements import Judgement


@dataclass(frozen=True, kw_only=True, repr=False)
class Case(Checklist):
    """One account as its pages show it: where it stands, how well it does against whom, what to do."""

    policy_title: str
    is_simulated: bool
    is_synthetic: bool
    notes: tuple[str, ...]
    account: dict[str, Any]
    stage: dict[str, Any]
    health: pl.DataFrame
    scores: pl.DataFrame
    judgement: Judgement

    @cached_property
    def advice(self) -> pl.DataFrame:
        """`schemas.Recommendations`, in the language."""
        return self.judgement.table("advice")

    @cached_property
    def trends(self) -> pl.DataFrame:
        """`schemas.Trends`."""
        return self.judgement.table("trends")

    @cached_property
    def months(self) -> pl.DataFrame:
        """`Months` of the health area."""
        return self.judgement.table("months")

    @cached_property
    def sensitivity(self) -> pl.DataFrame:
        """`Sensitivity` of the health area."""
        return self.judgement.table("sensitivity")

    def __repr__(self) -> str:
        """Whose case on which day, its stage and grade, and what is to be done, in a line."""
        return f"Case({self._line()}; {checklist_text(self.summary)})"

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        name = self.account.get("name") or self.account["account_id"]
        listed = checklist_html(self.groups, self.summary, self.checklist_hash)
        return bundle(paragraph(self._line(), strong=name), listed, text=repr(self))

    def _line(self) -> str:
        grade = self.scores["grade"].cast(pl.String).to_list() or [NOT_ENOUGH_MAIL]
        return (
            f"{self.account['account_id']} on {self.as_of}, stage: {self.stage['stage']}, grade: {grade[0]}"
        )


def open_case(
    data: str | Path,
    account_id: str,
    /,
    *,
    as_of: date | str,
    policy: str = "hubspot-like",
    stage_from: str = "enforcement",
    language: str = ENGLISH,
) -> Case:
    """One account's case on a day, gathered from a data directory.

    The stage is what was really done (`enforcement`, ended by a completed review), or, with
    `stage_from="simulation"`, what the last simulation in the directory says; the page then says so.
    Its pages, advice and evidence are in the `language`: "en" or "sv".
    Raises `DataError` for an account that is not there, or a day, source or language that is none.
    """
    day, rules, source = as_day(as_of), load_policy(policy), as_source(stage_from)
    refuse_nothing(data)
    accounts = read_table(data, Accounts, account_ids=[account_id])
    if not accounts.height:
        refuse_stranger(account_id, read_table(data, Accounts))
    judgement = judgement_of(data, account_id, as_of=day, language=as_language(language))
    health, scores = judgement.table("health"), judgement.table("scores")
    stages = stages_on(data, policy=rules, as_of=day, stage_from=source, account_ids=[account_id])
    history = History(Daily.create_empty(), accounts)
    with speaking(language):
        title = rules.title
    return Case(
        data=data,
        account_id=account_id,
        as_of=day,
        language=language,
        policy_title=title,
        is_simulated=source == "simulation",
        is_synthetic=bool(about(data).get("is_synthetic")),
        notes=history.notes,
        account=history.accounts.row(0, named=True),
        stage=stages.row(0, named=True) if stages.height else {"stage": GOOD},
        health=health,
        scores=scores,
        judgement=judgement,
        **_worst(health, scores),
    )


def _worst(health: pl.DataFrame, scores: pl.DataFrame) -> dict[str, Any]:
    """The metric that an account is worst at, with its peers' rate; nulls where there is too little mail."""
    worst = scores["worst_metric"].head(1).to_list()
    found = health.filter(pl.col("metric").cast(pl.String).is_in([name for name in worst if name]))
    return {
        "metric": found["metric"][0] if found.height else None,
        "peer_rate": found["peer_rate"][0] if found.height else None,
    }
