"""The page an account reads: what is wrong, where it stands, how it compares, what to do, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.reports import numbers, texts
from deliverlab.reports.fragments import fragment
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Case, Origin
    from deliverlab.reports.render import Chart, Html

ADVICE_SHOWN = 4  # more would be a wall; the rest can be opened


def notices(origin: Origin, /) -> list[str]:
    """What must stand at the top of a page: that stages are simulated, that figures are synthetic."""
    said = [(origin.is_simulated, texts.SIMULATED), (origin.is_synthetic, texts.SYNTHETIC)]
    return [words for applies, words in said if applies]


def account_name(case: Case, /) -> str:
    """What the account is called; one without a name by its id."""
    return str(case.account["name"] or case.account["account_id"])


def heading(case: Case, /, *, subject: str = texts.HEALTH) -> Html:
    """Whose page it is, on which day, and what a reader must know before anything else."""
    facts = [
        texts.industry_words(case.account["industry"]),
        *(f"{texts.BAND_WORDS[band]} mails a month" for band in case.health["band"].head(1)),
        *([f"{case.account['tier']} plan"] if case.account["tier"] else []),
        numbers.day(case.as_of),
    ]
    return fragment(
        "heading", words=f"{subject}: {account_name(case)}, {numbers.day(case.as_of)}",
        subject=subject, name=account_name(case), facts=facts, notices=notices(case),
    )  # fmt: skip


def banner(case: Case, /) -> Html:
    """The answer: the worst metric and its grade, the stage, the warnings left, the next date."""
    stage = _stage(case)
    unscored: dict[str, Any] = {"grade": NOT_ENOUGH_MAIL, "worst_metric": None}
    score = case.scores.row(0, named=True) if case.scores.height else unscored
    worst = _metric(case, score["worst_metric"])
    headline = texts.headline(score["grade"], score["worst_metric"])
    if score["grade"] == NOT_ENOUGH_MAIL:
        why = texts.patience(_mails(case))
    else:
        why = texts.reason(worst) if worst else ""
    said = [
        headline,
        texts.stage_sentence(stage),
        texts.warnings_sentence(stage),
        texts.next_sentence(stage),
    ]
    return fragment(
        "banner", words=". ".join(part.rstrip(".") for part in said if part),
        grade=score["grade"], headline=headline, why=why, stage=stage,
    )  # fmt: skip


def standing(case: Case, /) -> Html:
    """Every rate with its interval beside the peers' rate, its grade and what it means."""
    rows = sorted(case.health.iter_rows(named=True), key=lambda row: list(METRICS).index(row["metric"]))
    return fragment(
        "standing",
        words="; ".join(
            f"{METRICS[row['metric']].words} {numbers.percent(row['rate'])}: {row['grade']}" for row in rows
        ),
        enforced=[row for row in rows if METRICS[row["metric"]].is_enforced],
        informing=[row for row in rows if not METRICS[row["metric"]].is_enforced],
    )


def snapshot(case: Case, /) -> Chart:
    """The account's rates as so many times those of its peers."""
    from deliverlab.reports.charts import plot_snapshot

    return plot_snapshot(case.health)


def trend(case: Case, /, *, metric: str | None = None) -> Chart:
    """A metric over time before its peers'; by default the one that the account is worst at."""
    from deliverlab.reports.charts import plot_trend

    worst = case.scores["worst_metric"].head(1).to_list()
    drawn = metric or next((name for name in worst if name), "hard_bounce_rate")
    stage = _stage(case)
    entered = stage["entered_on"]
    marks = [(entered, texts.stage_words(stage["stage"]))] if entered else []
    first = case.trends["day"].min()
    return plot_trend(
        case.trends, metric=drawn, marks=[mark for mark in marks if first is None or mark[0] >= first]
    )


def sensitivity(case: Case, /) -> Html:
    """How much the grade of the account's worst rate hangs on what somebody chose."""
    from deliverlab.reports import tables

    worst = case.scores["worst_metric"][0] or next(iter(METRICS))
    rows = case.sensitivity.filter(pl.col("metric").cast(pl.String) == worst)
    as_is = case.health.filter(pl.col("metric").cast(pl.String) == worst)["grade"][0]
    return tables.choices(rows, grade=as_is)


def what_to_do(case: Case, /) -> Html:
    """What to do, first things first; for an account in a stage the contact review comes before all."""
    stage = _stage(case)
    advice = case.advice.sort("rank").rows(named=True)
    return fragment(
        "advice",
        words="; ".join(f"{row['rank']}. {row['what']}: {row['next_step']}" for row in advice)
        or "Nothing to do",
        advice=advice,
        shown_at_once=ADVICE_SHOWN,
        needs_review=stage["stage"] != GOOD and bool(stage["lifts_by_review"]),
        to_fix=case.decisions.filter(pl.col("decision").cast(pl.String) != "keep").height,
    )


def what_next(case: Case, /) -> Html:
    """What happens next, when, and how the account gets back to good standing."""
    told = coming(case)
    return fragment("next", words=" ".join(what for _, what in told), steps=told, policy=case.policy_title)


def coming(case: Case, /) -> list[tuple[str, str]]:
    """When and what comes for the account, from now on."""
    stage = _stage(case)
    meanwhile = f"{texts.warnings_sentence(stage)} {texts.way_back_sentence(stage)}".strip()
    now = (texts.NOW, texts.stage_sentence(stage))
    if stage["stage"] == GOOD:
        is_ill = bool(case.scores["grade"].cast(pl.String).is_in(["poor", "fair"]).any())
        steps = [now, (texts.NEXT, texts.WARNED if is_ill else texts.STEADY)]
    else:
        steps = [
            now,
            (numbers.day(stage["next_on"]) if stage["next_on"] else texts.NEXT, texts.next_sentence(stage)),
            (texts.MEANWHILE, meanwhile),
            (texts.AFTER_THAT, texts.AFTERWARDS),
        ]
    return [(when, what) for when, what in steps if what]


def _stage(case: Case) -> dict[str, Any]:
    """The account's stage; good standing has none of the dates."""
    dates = ("entered_on", "next_stage", "next_on", "warnings_left", "lifts_by_review")
    return {**dict.fromkeys(dates), **case.stage}


def _metric(case: Case, metric: str | None) -> dict[str, Any] | None:
    found = case.health.filter(pl.col("metric").cast(pl.String) == metric).rows(named=True) if metric else []
    return found[0] if found else None


def _mails(case: Case) -> int:
    """The mails in the window."""
    sent = case.health.filter(pl.col("metric").cast(pl.String) == "hard_bounce_rate")["trials"]
    return int(sent.sum())
