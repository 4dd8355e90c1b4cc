"""Rates that mail providers have published, by industry: for analysts with few accounts of their own.

They are averages without any spread, of mail to large lists, under industries that senders chose themselves.
A published rate is a peer rate only where it means the same: a hard bounce is not any bounce, and opens since
September 2021, when mail clients began to open mail on their own, are not opens before.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.columns import exact_sum
from deliverlab.errors import DataError
from deliverlab.schemas import BANDS, METRIC_NAMES, UNKNOWN_INDUSTRY, PeerRates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

EVERYBODY = "ALL"  # what publishers' averages of all industries are called here
MEASURES = {
    "hard_bounce": "hard_bounce_rate", "soft_bounce": "soft_bounce_rate", "total_bounce": None,
    "complaint": "complaint_rate", "unsubscribe": "unsubscribe_rate", "open": "open_rate",
    "click": "click_rate", "click_to_open": "click_to_open_rate",
}  # fmt: skip


class PublishedBenchmarks(Table):
    """A published rate; `metric` is which of ours it means the same as, null where it means none."""

    edition = dy.String(primary_key=True)
    publisher = dy.String()
    year = dy.Int64(nullable=True)
    industry = dy.String(primary_key=True)
    measure = dy.Enum(tuple(MEASURES), primary_key=True)
    metric = dy.Enum(METRIC_NAMES, nullable=True)
    rate = dy.Float64(min=0.0, max=1.0)
    counts_machine_opens = dy.Bool()
    is_complete = dy.Bool()
    is_second_hand = dy.Bool()
    source = dy.String()
    note = dy.String(nullable=True)


class BesidePublished(Table):
    """One row an industry, metric and edition: the own rate beside the published one."""

    industry = dy.String(primary_key=True)
    metric = dy.Enum(METRIC_NAMES, primary_key=True)
    edition = dy.String(primary_key=True)
    own_rate = dy.Float64(min=0.0)
    published_rate = dy.Float64(min=0.0)
    ratio = dy.Float64(min=0.0, nullable=True)


@cache
def published_benchmarks() -> dy.DataFrame[PublishedBenchmarks]:
    """All published rates that are known here, as fractions, each with its source.

    >>> rates = published_benchmarks().filter(edition="mailchimp-2019", industry="Construction")
    >>> rates.filter(measure="hard_bounce")["rate"].item()
    0.0086
    """
    folder = resources.files("deliverlab.health") / "benchmarks"
    editions = tomllib.loads((folder / "editions.toml").read_text("utf-8"))
    described = pl.DataFrame(
        [{"year": None, "note": None} | facts | {"edition": name} for name, facts in editions.items()],
        infer_schema_length=None,
    )
    printed = pl.read_csv((folder / "rates.csv").read_bytes(), infer_schema=False)
    return PublishedBenchmarks.validate(
        printed.unpivot(index=["edition", "industry"], variable_name="measure", value_name="percent")
        .drop_nulls("percent")
        .with_columns(
            rate=(pl.col("percent").cast(pl.Float64) / 100).round(8),
            metric=pl.col("measure").replace_strict(MEASURES, return_dtype=pl.String),
        )
        .join(described, on="edition", how="left")
        .sort("edition", "industry", "measure"),
        cast=True,
    )


def published_peer_rates(
    industries: Mapping[str, str], *, edition: str, effective_from: date
) -> dy.DataFrame[PeerRates]:
    """The rates of one edition as peers of one's own industries, in every band alike.

    `industries` says which of the edition's each of one's own is. Accounts of no industry are compared with
    the edition's average of all, and where it has none, with the plain mean of its industries. How far
    accounts and days differ is printed nowhere: it is null, and health then reckons with what is usual.

    >>> from datetime import date
    >>> names, start = {"Builders": "Construction"}, date(2026, 1, 1)
    >>> peers = published_peer_rates(names, edition="mailchimp-2019", effective_from=start)
    >>> peers.filter(industry="Builders", band="<1k", metric="hard_bounce_rate")["rate"].item()
    0.0086

    Raises:
        DataError: there is no such edition, or it has no such industry.
    """
    known = published_benchmarks()
    printed = known.filter(edition=edition)
    if not printed.height:
        raise DataError(
            f"edition == {edition!r}, must be one of {', '.join(known['edition'].unique().sort())}"
        )
    strange = sorted(set(industries.values()) - set(printed["industry"]))
    if strange:
        names = ", ".join(printed["industry"].unique().sort())
        raise DataError(f"industries: {strange[0]!r} is not in {edition}, must be one of {names}")
    same = printed.drop_nulls("metric").select("industry", "metric", "rate")
    everybody = same.filter(industry=EVERYBODY)
    rest = (
        same.join(everybody, on="metric", how="anti")
        .group_by("metric")
        .agg(rate=exact_sum(pl.col("rate")) / pl.len())
    )
    own = _called(industries)
    rows = [
        own.join(same, left_on="printed", right_on="industry").select(
            "metric", "rate", industry="industry", level=pl.lit("industry")
        ),
        pl.concat([everybody.select("metric", "rate"), rest.select("metric", "rate")]).select(
            "metric", "rate", industry=pl.lit(UNKNOWN_INDUSTRY), level=pl.lit("all")
        ),
    ]
    bands = pl.DataFrame({"band": BANDS}, schema={"band": pl.Enum(BANDS)})
    return PeerRates.admit(
        pl.concat(row.select("industry", "metric", "rate", "level") for row in rows)
        .join(bands, how="cross")
        .with_columns(effective_from=pl.lit(effective_from))
        .sort("industry", "band", "metric"),
        what=edition,
    )


def own_first(own: dy.DataFrame[PeerRates], published: dy.DataFrame[PeerRates]) -> dy.DataFrame[PeerRates]:
    """One's own peer rates, and the published ones of industries and metrics that have none of their own.

    Own is a rate that at least its industry stands for: one that only all accounts stand for gives way.
    """
    is_own = pl.col("level").is_in(["cell", "industry"]) | pl.col("level").is_null()
    key = ("industry", "metric")
    kept = own.filter(is_own | pl.col("account_id").is_not_null())
    filled = published.join(kept.filter(pl.col("account_id").is_null()), on=key, how="anti")
    both = ("industry", "band", "metric", "effective_from")
    rest = own.filter(~is_own & pl.col("account_id").is_null()).join(filled, on=key, how="anti")
    return PeerRates.admit(pl.concat([kept, rest, filled]).sort(*both, "account_id"), what="peer_rates")


def beside_published(
    own: dy.DataFrame[PeerRates], industries: Mapping[str, str]
) -> dy.DataFrame[BesidePublished]:
    """One's own newest peer rates beside every edition's: is it we who are odd, or our idea of usual?

    Own rates are means over bands, weighted by trials. `industries` says what each is called in editions; one
    that an edition does not have is compared with none of it.
    """
    newest = own.filter(pl.col("account_id").is_null(), effective_from=own["effective_from"].max())
    weight = pl.col("trials").fill_null(1)
    mine = newest.group_by("industry", "metric").agg(
        own_rate=exact_sum(pl.col("rate") * weight) / weight.sum()
    )
    called = _called(industries)
    theirs = published_benchmarks().drop_nulls("metric")
    return BesidePublished.cast(
        mine.join(called, on="industry")
        .join(
            theirs.select("edition", "metric", printed="industry", published_rate="rate"),
            on=["printed", "metric"],
        )
        .with_columns(
            ratio=pl.when(pl.col("published_rate") > 0).then(pl.col("own_rate") / pl.col("published_rate"))
        )
        .sort("industry", "metric", "edition")
    )


def _called(industries: Mapping[str, str]) -> pl.DataFrame:
    """What one's own industries are called in print."""
    return pl.DataFrame(
        list(industries.items()), schema={"industry": pl.String, "printed": pl.String}, orient="row"
    )
