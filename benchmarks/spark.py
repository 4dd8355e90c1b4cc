"""The road on a Spark cluster of two workers beside plain Polars on as many cores: what Spark costs."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from deliverlab.policy.tune.search import Search

CORES = 2  # one a worker
STEPS = ("daily_counts", "peer_rates", "simulate", "tune")
QUICK, FULL = (2_000_000, 2_000, 180), (20_000_000, 20_000, 365)  # events, accounts, days
AT_ONCE = 2_000_000  # events made at once
WARM_RUNS = 2


def figures(*, quick: bool) -> dict[str, object]:
    """Seconds of each step on either, `overhead` as Spark's by Polars', and whether both gave the same rows.

    Cold seconds are those of a first call: Spark's hold the start of its cluster, and the compiler's where it
    finds no compiled ladder yet.
    """
    from benchmarks.measure import measure, prepare

    os.environ["POLARS_MAX_THREADS"] = str(CORES)
    found: dict[str, object] = {"cores": CORES}
    with TemporaryDirectory() as folder:
        found |= prepare("spark", Path(folder), quick=quick)
        for step in STEPS:
            plain, spark = (
                measure("spark", f"{step}_on_{where}", Path(folder), warm_runs=WARM_RUNS)
                for where in ("polars", "spark")
            )
            found[step] = {
                "polars_seconds": plain.warm_seconds,
                "spark_seconds": spark.warm_seconds,
                "overhead": spark.warm_seconds / plain.warm_seconds,
                "polars_cold_seconds": plain.cold_seconds,
                "spark_cold_seconds": spark.cold_seconds,
                "rows": plain.answer.height,
                "parity": plain.answer.equals(spark.answer),
            }
    return found


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write settled events, and the days and accounts of a world."""
    from benchmarks.rollup import _events
    from deliverlab.pipeline.samples import write_crowd

    events, accounts, days = QUICK if quick else FULL
    for number in range(-(-events // AT_ONCE)):
        rows = _events(min(events, AT_ONCE), accounts=accounts, month=number % 3, number=number)
        rows.write_parquet(inputs / f"events-{number:03}.parquet")
    write_crowd(inputs, accounts=accounts, days=days, seed=11, last_day=date(2026, 6, 30))
    return {"events": events, "accounts": accounts, "days": days}


def daily_counts_on_polars(inputs: Path, /) -> pl.DataFrame:
    """Events to days, streamed."""
    import deliverlab as dl

    return dl.daily_counts(pl.scan_parquet(inputs / "events-*.parquet")).collect(engine="streaming")


def daily_counts_on_spark(inputs: Path, /) -> pl.DataFrame:
    """The same on the cluster."""
    import deliverlab as dl

    days = dl.spark.daily_counts(_session().read.parquet(str(inputs / "events-*.parquet")))
    return pl.DataFrame(days.toArrow()).sort("account_id", "day")


def peer_rates_on_polars(inputs: Path, /) -> pl.DataFrame:
    """Days to peer rates, streamed."""
    import deliverlab as dl

    return dl.peer_rates(*_scanned(inputs)).collect()


def peer_rates_on_spark(inputs: Path, /) -> pl.DataFrame:
    """The same on the cluster."""
    import deliverlab as dl

    return dl.spark.peer_rates(*_read(inputs))


def simulate_on_polars(inputs: Path, /) -> pl.DataFrame:
    """A policy over all days: its transitions, from the files to the answer."""
    import deliverlab as dl

    history = dl.History(*_scanned(inputs), peer_rates=_peers(inputs))
    found = dl.simulate(history, policy=dl.Policy.preset("evidence"), scenario=dl.Scenario.after(days=5))
    return found.transitions.with_columns(pl.col(pl.Enum).cast(pl.String)).sort("account_id", "day")


def simulate_on_spark(inputs: Path, /) -> pl.DataFrame:
    """The same on the cluster."""
    import deliverlab as dl

    found = dl.spark.simulate(
        *_read(inputs), policy=dl.Policy.preset("evidence"), scenario=dl.Scenario.after(days=5),
        peer_rates=_peers(inputs),
    )  # fmt: skip
    transitions = pl.DataFrame(found.transitions.toArrow()).sort("account_id", "day")
    found.unpersist()
    return transitions


def tune_on_polars(inputs: Path, /) -> pl.DataFrame:
    """A search over policies on all days: a row for each that was tried, from the files to the answer."""
    import deliverlab as dl

    history = dl.History(*_scanned(inputs), peer_rates=_peers(inputs))
    found = dl.tune(
        history, policy=dl.Policy.preset("hubspot-like"), search=_search(), scenario=dl.Scenario.after(days=5)
    )
    return _to_nine_digits(found.rows)


def tune_on_spark(inputs: Path, /) -> pl.DataFrame:
    """The same on the cluster."""
    import deliverlab as dl

    found = dl.spark.tune(
        *_read(inputs), policy=dl.Policy.preset("hubspot-like"), search=_search(),
        scenario=dl.Scenario.after(days=5), peer_rates=_peers(inputs),
    )  # fmt: skip
    found.unpersist()
    return _to_nine_digits(found.rows)


def _scanned(inputs: Path) -> list[pl.LazyFrame]:
    return [pl.scan_parquet(inputs / f"{name}.parquet") for name in ("daily", "accounts")]


def _read(inputs: Path) -> list[DataFrame]:
    return [_session().read.parquet(str(inputs / f"{name}.parquet")) for name in ("daily", "accounts")]


def _peers(inputs: Path) -> pl.DataFrame:
    return pl.read_parquet(inputs / "peer_rates.parquet")


def _search() -> Search:
    """The search that comes with the package, over all days."""
    import deliverlab as dl

    data = dl.Search.preset("hubspot-limits").model_dump(exclude_unset=True, exclude={"split"})
    return dl.Search.from_data(data)


def _to_nine_digits(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums of fractions in other pieces differ in the last digits."""
    return rows.with_columns(pl.selectors.float().round_sig_figs(9))


@cache
def _session() -> SparkSession:
    """A cluster for as long as this process lasts."""
    from tests.spark.cluster import running

    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running(**{"spark.executor.memory": "2g", "spark.driver.memory": "2g"}))
