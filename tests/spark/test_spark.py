"""Every step of the road gives the same rows on a cluster as on one machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deliverlab as dl
from deliverlab.events.months import scan_months
from deliverlab.pipeline.directory import read_table
from deliverlab.policy.simulate import Simulation
from deliverlab.sample.world import make_world
from deliverlab.schemas import Incidents, PeerRates, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LAST_DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """A real cluster: two worker processes, and a session in another time zone than ours."""
    pytest.importorskip("pyspark", reason="no PySpark: pip install 'deliverlab[spark]'")
    from tests.spark import cluster

    if (reason := cluster.missing()) is not None:
        pytest.skip(reason)
    with cluster.running(**{
        "spark.sql.shuffle.partitions": "5",
        "spark.sql.adaptive.enabled": "false",  # it would make one partition of tables as small as these
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
    }) as session:  # fmt: skip
        yield session


@pytest.fixture(scope="module")
def world() -> dl.History:
    """A history of many accounts with every table, and peer rates of its own."""
    made = make_world(accounts=150, days=150, seed=5, last_day=LAST_DAY)
    history = dl.History(made.daily, made.accounts, reviews=made.reviews, enforcement=made.enforcement)
    return history.with_peer_rates(dl.peer_rates(made.daily, made.accounts))


def sent(spark: SparkSession, frame: pl.DataFrame) -> DataFrame:
    """The table on the cluster, scattered over its partitions."""
    plain = frame.with_columns(pl.col(pl.Enum).cast(pl.String))
    return spark.createDataFrame(plain.to_arrow(compat_level=pl.CompatLevel.oldest())).repartition(3)


def rows(frame: DataFrame, table: type[Table]) -> pl.DataFrame:
    """The rows of a table as this package has them, in the order of its key."""
    return table.admit(pl.DataFrame(frame.toArrow()), what="answer").sort(table.primary_key())


def test_two_workers_do_the_work(spark: SparkSession) -> None:
    """The cluster is two processes beside the driver, each with Python processes of its own."""
    import os

    def whose(batches: Iterator[object]) -> Iterator[object]:
        import pyarrow as pa

        for _ in batches:
            yield pa.RecordBatch.from_pydict({"worker": [os.environ["SPARK_EXECUTOR_DIRS"]], "pid": [os.getpid()]})

    found = spark.range(64).repartition(8).mapInArrow(whose, "worker string, pid long").toArrow().to_pydict()

    assert len(set(found["worker"])) == 2
    assert os.getpid() not in found["pid"]
