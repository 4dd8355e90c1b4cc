"""What a page shows: one account's case, or the whole portfolio, gathered from a data directory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.display import bundle, paragraph
from deliverlab.errors import DataError
from deliverlab.health.compared import peers_of
from deliverlab.health.looks import next_looks
from deliverlab.health.positions import funnel_positions, limits_of
from deliverlab.history import History
from deliverlab.language import ENGLISH, as_language, speaking
from deliverlab.pipeline.checklists import Checklist
from deliverlab.pipeline.directory import about, open_history, read_table, refuse_nothing
from deliverlab.pipeline.judgements import TREND_DAYS, judgement_of
from deliverlab.pipeline.lookup import as_day, as_source, load_policy, refuse_stranger
from deliverlab.pipeline.road import account_health, with_peers
from deliverlab.pipeline.timelines import enforced_timeline, simulated_timeline
from deliverlab.policy.fairness import fairness
from deliverlab.policy.outlook import outlook
from deliverlab.review.attest import current_stage
from deliverlab.review.display import checklist_html, checklist_text
from deliverlab.schemas import (
    GOOD,
    NOT_ENOUGH_MAIL,
    Accounts,
    Daily,
    Enforcement,
    Reviews,
    Slices,
    Standing,
    Transitions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from deliverlab.display import Bundle
    from deliverlab.pipeline.judgements import Judgement
    from deliverlab.pipeline.lookup import StageFrom
    from deliverlab.policy.model import Policy


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


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """All accounts on one day: their health, the stage of those that are in one, and what was `since`."""

    health: pl.DataFrame
    scores: pl.DataFrame
    advice: pl.DataFrame
    as_of: date
    policy_title: str
    is_simulated: bool
    is_synthetic: bool
    notes: tuple[str, ...]
    accounts: pl.DataFrame
    stages: pl.DataFrame
    since: date
    scores_then: pl.DataFrame
    stages_then: pl.DataFrame
    fairness: pl.DataFrame
    timeline: pl.DataFrame
    funnel: pl.DataFrame
    funnel_limits: pl.DataFrame
    looks: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Roll:
    """All accounts on one day, with the stage of those that are in one."""

    accounts: pl.DataFrame
    stages: pl.DataFrame
    as_of: date
    policy_title: str
    is_simulated: bool
    is_synthetic: bool


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
    stages = _stages(data, policy=rules, as_of=day, stage_from=source, account_ids=[account_id])
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


def open_portfolio(
    data: str | Path,
    /,
    *,
    as_of: date | str,
    policy: str = "hubspot-like",
    stage_from: str = "enforcement",
    since_days: int = 1,
) -> Portfolio:
    """All accounts of a data directory on a day; see `open_case` for where stages come from.

    `since_days` before it is what the page compares with: 1 for yesterday, 7 for last week.
    """
    day = as_day(as_of)
    if since_days < 1:
        raise DataError(f"since_days == {since_days}, must be 1 or more")
    since = day - timedelta(days=since_days)
    history, rules, source = with_peers(open_history(data)), load_policy(policy), as_source(stage_from)
    peers = peers_of(history)
    health, scores, advice = account_health(history, as_of=day, slices=read_table(data, Slices))
    _, scores_then, _ = account_health(history, as_of=since)
    everybody = history.accounts["account_id"]
    stages = _stages(data, policy=rules, as_of=day, stage_from=source, account_ids=everybody)
    return Portfolio(
        health=health,
        scores=scores,
        advice=advice,
        as_of=day,
        policy_title=rules.title,
        is_simulated=source == "simulation",
        is_synthetic=bool(about(data).get("is_synthetic")),
        notes=history.notes,
        funnel=funnel_positions(health, peers=peers),
        funnel_limits=limits_of(health, peers=peers),
        looks=next_looks(health),
        accounts=history.accounts,
        stages=stages,
        since=since,
        scores_then=scores_then,
        stages_then=_stages_then(data, history, day=since, stage_from=source),
        fairness=fairness(_graded(history, health, scores, stages)),
        timeline=_timeline(data, history, as_of=day, stage_from=source),
    )


def open_roll(data: str | Path, /, *, as_of: date | str, policy: str, stage_from: str) -> Roll:
    """Who there is and in which stage, without a look at anybody's mail; see `open_case` for stages."""
    day, rules, source = as_day(as_of), load_policy(policy), as_source(stage_from)
    refuse_nothing(data)
    history = History(
        Daily.create_empty(), read_table(data, Accounts),
        reviews=read_table(data, Reviews), enforcement=read_table(data, Enforcement),
    )  # fmt: skip
    return Roll(
        accounts=history.accounts,
        stages=_stages(
            data, policy=rules, as_of=day, stage_from=source, account_ids=history.accounts["account_id"]
        ),
        as_of=day,
        policy_title=rules.title,
        is_simulated=source == "simulation",
        is_synthetic=bool(about(data).get("is_synthetic")),
    )


def _worst(health: pl.DataFrame, scores: pl.DataFrame) -> dict[str, Any]:
    """The metric that an account is worst at, with its peers' rate; nulls where there is too little mail."""
    worst = scores["worst_metric"].head(1).to_list()
    found = health.filter(pl.col("metric").cast(pl.String).is_in([name for name in worst if name]))
    return {
        "metric": found["metric"][0] if found.height else None,
        "peer_rate": found["peer_rate"][0] if found.height else None,
    }


def _stages(
    data: str | Path,
    /,
    *,
    policy: Policy,
    as_of: date,
    stage_from: StageFrom,
    account_ids: Iterable[str],
) -> pl.DataFrame:
    """The stage of each of these accounts that is in one, with what comes next."""
    held: pl.DataFrame
    if stage_from == "enforcement":
        # A stage begins on the day after the notice, and an outlook counts from the notice.
        notice_day = pl.col("entered_on").dt.offset_by("-1d")
        acts, reviews = (read_table(data, name, account_ids=account_ids) for name in (Enforcement, Reviews))
        held = current_stage(acts, reviews, as_of=as_of).with_columns(entered_on=notice_day).collect()
    else:
        standing = read_table(data, Standing, account_ids=account_ids)
        held = standing.filter(pl.col("stage") != GOOD)
        if held.height and held["as_of"][0] != as_of:
            raise DataError(f"{data}: the simulation ends on {held['as_of'][0]}, must end on as_of {as_of}")
    return outlook(held, policy=policy).lazy().collect()


def _stages_then(data: str | Path, history: History, /, *, day: date, stage_from: StageFrom) -> pl.DataFrame:
    """account_id, stage: every account that was in a stage at the end of an earlier day."""
    if stage_from == "enforcement":
        then = current_stage(history.enforcement, history.reviews, as_of=day).collect()
        return then.select("account_id", "stage")
    steps = read_table(data, Transitions).filter(pl.col("day") <= day).sort("account_id", "day")
    last = steps.group_by("account_id", maintain_order=True).agg(stage=pl.col("to_stage").last())
    return last.filter(pl.col("stage") != GOOD).join(history.accounts, on="account_id", how="semi")


def _graded(
    history: History, health: pl.DataFrame, scores: pl.DataFrame, stages: pl.DataFrame, /
) -> pl.DataFrame:
    """Every account with its grade, whether it is in a stage, and the groups it belongs to."""
    bands = health.select("account_id", "band").unique("account_id")
    return (
        history.accounts.select("account_id", "industry", "tier")
        .join(scores.select("account_id", "grade"), on="account_id")
        .join(bands, on="account_id")
        .with_columns(is_staged=pl.col("account_id").is_in(stages["account_id"]))
    )


def _timeline(data: str | Path, history: History, /, *, as_of: date, stage_from: StageFrom) -> pl.DataFrame:
    """How many accounts were in each stage on each of the days before."""
    if stage_from == "enforcement":
        return enforced_timeline(history.enforcement, history.reviews, until=as_of, days=TREND_DAYS)
    return simulated_timeline(read_table(data, Transitions), until=as_of, days=TREND_DAYS)
