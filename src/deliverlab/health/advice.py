"""What to do about a bad rate: what carries the excess, its figure, and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.health.next_steps import BOUNCE_WORDS, NEXT_STEPS
from deliverlab.health.windows import measured
from deliverlab.language import say, spoken
from deliverlab.peer_lookup import denominators_of
from deliverlab.schemas import CONTACT_AGES, METRIC_NAMES, SLICED_BY, Recommendations

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dataframely as dy

    from deliverlab.metrics import Metric
    from deliverlab.schemas import Health, PeerRates

LEAST_SHARE = 0.25  # of the excess, before a slice is named as what carries it
LONGEST_NAME = 80  # characters of a campaign's or import's name that are shown

_CALLED = {
    "campaign": "Campaign {}",
    "recipient_domain": "Mail to {}",
    "bounce_reason": "Bounces because {}",
    "import": "Contacts of import {}",
    "contact_age": "Contacts known for {}",
}

# Values that we and not the sender gave a name.
_OURS = {"bounce_reason": BOUNCE_WORDS, "contact_age": {age: age for age in CONTACT_AGES}}


def recommendations(
    health: dy.DataFrame[Health], slices: pl.LazyFrame | None, *, peers: dy.DataFrame[PeerRates]
) -> dy.DataFrame[Recommendations]:
    """What each account with a poor or fair enforced metric should do, worst first; none where all is well.

    The excess is what an account has above its peers' rate times its trials. A slice (of the health's
    window) is named where it carries `LEAST_SHARE` of it or more at no better a rate than the account as a
    whole: the largest of each kind, campaign, domain, bounce reason, import, age of contacts. Kinds
    overlap, so shares do
    not add up to one. Only bounced mail has a bounce reason: there a share of the events stands for that of
    the excess. Where no slice stands out the advice is on the metric as a whole, and `share` is null.
    """
    metrics = measured(denominators_of(peers))
    enforced = [metric.name for metric in metrics.values() if metric.is_enforced]
    ill = (
        health.lazy()
        .filter(pl.col("grade").is_in(["poor", "fair"]) & pl.col("metric").is_in(enforced))
        .join(_words(metrics), on="metric")
        .with_columns(excess=pl.col("events") - pl.col("peer_rate") * pl.col("trials"))
    )
    words = pl.col("words")
    whole = ill.with_columns(
        by=pl.lit(None, pl.Enum(SLICED_BY)),
        share=pl.lit(None, pl.Float64),
        what=pl.format(say("{} as a whole"), words.str.head(1).str.to_uppercase() + words.str.slice(1)),
        figure=_out_of("events", "trials"),
    )
    causes = whole.clear() if slices is None else _causes(ill, slices, metrics)
    columns = ("account_id", "as_of", "metric", "grade", "ratio", "by", "share", "what", "figure")
    unexplained = whole.join(causes, on=["account_id", "metric"], how="anti")
    return Recommendations.cast(
        pl.concat([causes.select(columns), unexplained.select(columns)])
        .join(_steps(), on=["metric", "by"], nulls_equal=True)
        .sort("account_id", "grade", -pl.col("ratio"), "metric", -pl.col("share"), "by")
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("account_id"))
    ).collect()


def _causes(ill: pl.LazyFrame, slices: pl.LazyFrame, metrics: Mapping[str, Metric]) -> pl.LazyFrame:
    """The slices of each bad rate that carry much of its excess: at most one of each kind."""
    events, trials = pl.col("slice_events"), pl.col("slice_trials")
    is_reason = pl.col("by") == "bounce_reason"
    above_peers = (events - pl.col("peer_rate") * trials) / pl.col("excess")
    share = pl.when(is_reason).then(events / pl.col("events")).otherwise(above_peers)
    is_no_better = is_reason | (events * pl.col("trials") >= pl.col("events") * trials)
    figure = pl.when(is_reason).then(_part_of_events()).otherwise(_out_of("slice_events", "slice_trials"))
    return (
        ill.join(_slice_sums(slices, metrics), on=["account_id", "metric"])
        .with_columns(share=share.clip(upper_bound=1.0))
        .filter((pl.col("share") >= LEAST_SHARE) & is_no_better)
        .sort("share", "slice_events", "value", descending=[True, True, False])
        .unique(["account_id", "metric", "by"], keep="first", maintain_order=True)
        .with_columns(what=_named(), figure=figure)
    )


def _slice_sums(slices: pl.LazyFrame, metrics: Mapping[str, Metric]) -> pl.LazyFrame:
    """Events and trials of each metric in each slice."""
    key = ("account_id", "by", "value")
    sums = slices.group_by(key).agg(pl.selectors.integer().sum())
    return pl.concat(
        sums.select(
            *key,
            metric=pl.lit(metric.name, pl.Enum(METRIC_NAMES)),
            slice_events=metric.numerator,
            slice_trials=metric.denominator,
        )
        for metric in metrics.values()
        if metric.is_enforced
    )


def _words(metrics: Mapping[str, Metric]) -> pl.LazyFrame:
    listed = metrics.values()
    return pl.LazyFrame(
        {
            "metric": pl.Series(list(metrics), dtype=pl.Enum(METRIC_NAMES)),
            "words": [say(metric.words) for metric in listed],
            "event_words": [say(metric.event_words) for metric in listed],
            "trial_words": [say(metric.denominator_words) for metric in listed],
        }
    )


def _steps() -> pl.LazyFrame:
    """The next step of every metric and cut; that of the metric as a whole where a cut has no own."""
    metrics = {metric for metric, _ in NEXT_STEPS}
    steps = [
        (metric, by, say(NEXT_STEPS.get((metric, by), NEXT_STEPS[metric, None])))
        for metric in METRIC_NAMES
        if metric in metrics
        for by in (None, *SLICED_BY)
    ]
    return pl.LazyFrame(
        steps,
        schema={"metric": pl.Enum(METRIC_NAMES), "by": pl.Enum(SLICED_BY), "next_step": pl.String},
        orient="row",
    )


def _named() -> pl.Expr:
    """What a slice is called; names come from outside, so they are cut and keep no line breaks."""
    name = pl.col("value").str.replace_all(r"\p{C}+", " ").str.head(LONGEST_NAME)
    for by, known in _OURS.items():
        ours = {value: say(words) for value, words in known.items()}
        name = pl.when(pl.col("by") == by).then(name.replace(ours)).otherwise(name)
    calls = [pl.when(pl.col("by") == by).then(pl.format(say(words), name)) for by, words in _CALLED.items()]
    return pl.coalesce(calls)


def _out_of(events: str, trials: str) -> pl.Expr:
    """214 hard bounces out of 2,150 mails sent: 10.0%, peers 1.1%."""
    return pl.format(
        say("{} {} out of {} {}: {}, peers {}"),
        _counted(events), "event_words", _counted(trials), "trial_words",
        _percent(pl.col(events) / pl.col(trials)), _percent(pl.col("peer_rate")),
    )  # fmt: skip


def _part_of_events() -> pl.Expr:
    """180 of 214 hard bounces."""
    return pl.format(say("{} of {} {}"), _counted("slice_events"), _counted("events"), "event_words")


def _counted(column: str) -> pl.Expr:
    """A count with its thousands apart, as the language has it."""
    comma = spoken().comma
    in_threes = pl.col(column).cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", f"${{1}}{comma}")
    return in_threes.str.reverse().str.strip_chars_start(comma)


def _percent(rate: pl.Expr) -> pl.Expr:
    """A rate in percent: one digit behind the point, below 1% two that say something."""
    percent = rate * 100
    digits = pl.when(percent >= 1).then(percent.round(1)).otherwise(percent.round_sig_figs(2))
    return pl.format(say("{}%"), digits.cast(pl.String).str.replace(".", spoken().point, literal=True))
