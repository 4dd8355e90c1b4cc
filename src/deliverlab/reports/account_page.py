"""The page an account reads: what is wrong, where it stands, how it compares, what to do, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.language import ENGLISH, say, spoken
from deliverlab.metrics import METRICS
from deliverlab.reports import account_texts, numbers, texts
from deliverlab.reports.fragments import fragment
from deliverlab.reports.reader import in_its_language
from deliverlab.schemas import GOOD, NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Case, Origin
    from deliverlab.reports.render import Chart, Html

ADVICE_SHOWN = 4  # more would be a wall; the rest can be opened


def notices(origin: Origin, /) -> list[str]:
    """What must stand at the top of a page: that stages are simulated, that figures are synthetic."""
    said = [
        (origin.is_simulated, texts.SIMULATED),
        (origin.is_synthetic, texts.SYNTHETIC),
        (spoken().tag != ENGLISH, texts.TRANSLATED),
    ]
    return [say(words) for applies, words in said if applies]


def account_name(case: Case, /) -> str:
    """What the account is called; one without a name by its id."""
    return str(case.account["name"] or case.account["account_id"])


@in_its_language
def heading(case: Case, /, *, subject: str = texts.HEALTH) -> Html:
    """Whose page it is, on which day, and what a reader must know before anything else."""
    facts = [
        texts.industry_words(case.account["industry"]),
        *(account_texts.volume_words(band) for band in case.health["band"].head(1)),
        *([account_texts.plan_words(case.account["tier"])] if case.account["tier"] else []),
        numbers.day(case.as_of),
    ]
    return fragment(
        "heading", words=f"{say(subject)}: {account_name(case)}, {numbers.day(case.as_of)}",
        subject=say(subject), name=account_name(case), facts=facts, notices=notices(case),
    )  # fmt: skip


@in_its_language
def banner(case: Case, /) -> Html:
    """The answer: the worst metric and its grade, the stage, the warnings left, the next date."""
    stage = _stage(case)
    unscored: dict[str, Any] = {"grade": NOT_ENOUGH_MAIL, "worst_metric": None}
    score = case.scores.row(0, named=True) if case.scores.height else unscored
    worst = _metric(case, score["worst_metric"])
    headline = account_texts.headline(score["grade"], score["worst_metric"])
    if score["grade"] == NOT_ENOUGH_MAIL:
        why = account_texts.patience(_mails(case))
    else:
        why = account_texts.reason(worst) if worst else ""
    said = [
        headline,
        account_texts.stage_sentence(stage),
        account_texts.warnings_sentence(stage),
        account_texts.next_sentence(stage),
    ]
    return fragment(
        "banner", words=". ".join(part.rstrip(".") for part in said if part),
        grade=score["grade"], headline=headline, why=why, stage=stage,
    )  # fmt: skip


@in_its_language
def standing(case: Case, /) -> Html:
    """Every rate with its interval beside the peers' rate, its grade and what it means."""
    rows = sorted(case.health.iter_rows(named=True), key=lambda row: list(METRICS).index(row["metric"]))
    return fragment(
        "standing",
        words="; ".join(
            f"{account_texts.metric_words(row['metric'])} {numbers.percent(row['rate'])}: "
            f"{texts.grade_words(row['grade'])}"
            for row in rows
        ),
        enforced=[row for row in rows if METRICS[row["metric"]].is_enforced],
        informing=[row for row in rows if not METRICS[row["metric"]].is_enforced],
    )


@in_its_language
def last_month(case: Case, /) -> Html:
    """Every rate of the last whole month beside the month before, and whether it is more than chance."""
    enforced = [name for name, metric in METRICS.items() if metric.is_enforced]
    rows = case.months.filter(pl.col("metric").cast(pl.String).is_in(enforced)).rows(named=True)
    summary = account_texts.month_sentence(rows)
    return fragment(
        "last_month", words=summary, summary=summary, rows=rows, has_mail=any(row["trials"] for row in rows),
        month=numbers.month_of(rows[0]["first"]) if rows else "",
    )  # fmt: skip


@in_its_language
def snapshot(case: Case, /) -> Chart:
    """The account's rates as so many times those of its peers."""
    from deliverlab.reports.charts import plot_snapshot

    return plot_snapshot(case.health)


@in_its_language
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


@in_its_language
def sensitivity(case: Case, /) -> Html:
    """How much the grade of the account's worst rate hangs on what somebody chose."""
    from deliverlab.reports import tables

    worst = case.scores["worst_metric"][0] or next(iter(METRICS))
    rows = case.sensitivity.filter(pl.col("metric").cast(pl.String) == worst)
    as_is = case.health.filter(pl.col("metric").cast(pl.String) == worst)["grade"][0]
    return tables.choices(rows, grade=as_is)


@in_its_language
def what_to_do(case: Case, /) -> Html:
    """What to do, first things first; for an account in a stage the contact review comes before all."""
    stage = _stage(case)
    advice = case.advice.sort("rank").rows(named=True)
    return fragment(
        "advice",
        words="; ".join(f"{row['rank']}. {row['what']}: {row['next_step']}" for row in advice)
        or say(account_texts.NOTHING_TO_DO),
        advice=advice,
        shown_at_once=ADVICE_SHOWN,
        needs_review=stage["stage"] != GOOD and bool(stage["lifts_by_review"]),
        to_fix=case.decisions.filter(pl.col("decision").cast(pl.String) != "keep").height,
    )


@in_its_language
def what_next(case: Case, /) -> Html:
    """What happens next, when, and how the account gets back to good standing."""
    told = coming(case)
    return fragment("next", words=" ".join(what for _, what in told), steps=told, policy=case.policy_title)


def coming(case: Case, /) -> list[tuple[str, str]]:
    """When and what comes for the account, from now on."""
    stage = _stage(case)
    meanwhile = f"{account_texts.warnings_sentence(stage)} {account_texts.way_back_sentence(stage)}".strip()
    now = (say(account_texts.NOW), account_texts.stage_sentence(stage))
    if stage["stage"] == GOOD:
        is_ill = bool(case.scores["grade"].cast(pl.String).is_in(["poor", "fair"]).any())
        told = account_texts.WARNED if is_ill else account_texts.STEADY
        steps = [now, (say(account_texts.NEXT), say(told))]
    else:
        steps = [
            now,
            (
                numbers.day(stage["next_on"]) if stage["next_on"] else say(account_texts.NEXT),
                account_texts.next_sentence(stage),
            ),
            (say(account_texts.MEANWHILE), meanwhile),
            (say(account_texts.AFTER_THAT), say(account_texts.AFTERWARDS)),
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
