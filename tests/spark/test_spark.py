"""Every step of the road gives the same rows on a cluster as on one machine."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import deliverlab as dl
from benchmarks import spark as benchmark
from deliverlab.events.store import scan_events
from deliverlab.pipeline.directory import read_table
from deliverlab.policy.tune.views import sensitivity
from deliverlab.sample.world import make_world
from deliverlab.schemas import COUNTS, Accounts, Daily, Incidents, Outcomes, PeerRates, Standing, Transitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from deliverlab.admission import Table
    from deliverlab.policy.simulate import Simulation

LAST_DAY, HALF_TIME = date(2026, 6, 30), date(2026, 4, 20)
CHANCE = """
name = "six of ten answer"
seed = 3
[review]
mode = "chance"
after_days = 4
chance = [0.6, 0.6, 0.6, 0.6]
[effect]
hard_bounces = 0.5
"""

SEARCH = """
name = "a small one"
points = 8
vary = [
  { key = ["window", "days"], values = [7, 30] },
  { key = ["rules", "hard bounces", "limit"], least = 0.01, most = 0.1, scale = "log" },
]
objectives = [
  { measure = "harm_averted_share", aim = "most" },
  { measure = "good_mail_blocked_share", aim = "least" },
]
constraints = [
  { measure = "reviews_a_day_p95", at_most = 50 },
  { measure = "reached.suspended", at_most = 100 },
  { measure = "worst_false_trip_ratio.band", at_most = 100 },
  { measure = "detection_rate", at_least = 0 },
]
[split]
validate_from = 2026-05-15
embargo_days = 7
"""

GRID = """
name = "two windows"
vary = [{ key = ["window", "days"], values = [7, 30] }]
objectives = [{ measure = "noticed", aim = "least" }]
"""


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
            yield pa.RecordBatch.from_pydict(
                {"worker": [os.environ["SPARK_EXECUTOR_DIRS"]], "pid": [os.getpid()]}
            )

    found = spark.range(64).repartition(8).mapInArrow(whose, "worker string, pid long").toArrow().to_pydict()

    assert len(set(found["worker"])) == 2
    assert os.getpid() not in found["pid"]


def test_daily_counts_of_the_sample(spark: SparkSession, walked: Path) -> None:
    """Days are UTC's though the session has another zone; incidents and exclusions leave out the same."""
    events = scan_events(walked).collect()
    rules: dict[str, Any] = {
        "incidents": read_table(walked, Incidents),
        "exclude": pl.col("campaign_id").str.ends_with("3"),
    }

    for chosen in ({}, rules):
        one_machine = dl.daily_counts(events, **chosen).collect()
        assert one_machine.height > 100
        assert_frame_equal(rows(dl.spark.daily_counts(sent(spark, events), **chosen), Daily), one_machine)


def test_sent_is_put_right_once_all_parts_are_added(spark: SparkSession) -> None:
    """A day whose sent events lie in another part than what was delivered does not lack them."""
    moment, text = pl.lit(datetime(2026, 5, 1, 23, 30, tzinfo=UTC)), pl.lit(None, pl.String)
    types = ["sent"] * 40 + ["delivered"] * 30
    events = pl.DataFrame({"account_id": "a", "event_type": types}).with_columns(
        occurred_at=moment, sent_at=moment, received_at=moment, recipient_domain=text, bounce_reason=text,
        is_machine=False, is_repeat=False,
    )  # fmt: skip

    found = rows(dl.spark.daily_counts(sent(spark, events)), Daily)

    assert_frame_equal(found, dl.daily_counts(events).collect())
    assert found.select("day", "sent", "delivered").row(0) == (date(2026, 5, 1), 40, 30)


@pytest.mark.parametrize(
    "chosen", [{}, {"denominators": {"complaint_rate": "sent"}, "counted_as": {"<1k": "1k-10k"}}]
)
def test_peer_rates_of_a_world(spark: SparkSession, world: dl.History, chosen: dict[str, Any]) -> None:
    """Every rate, spread and size, to the last bit and in the same order; large accounts have their own."""
    one_machine = dl.peer_rates(world.daily, world.accounts, **chosen).collect()
    assert one_machine["account_id"].n_unique() > 10

    found = dl.spark.peer_rates(sent(spark, world.daily), sent(spark, world.accounts), **chosen)

    assert_frame_equal(found, one_machine, check_exact=True)


def test_the_sample_on_a_cluster(spark: SparkSession, sample: Path) -> None:
    """From daily counts to transitions, with the peer rates that the cluster makes itself."""
    history = dl.open_history(sample)
    policy, scenario = dl.Policy.preset("evidence"), dl.Scenario.historical()
    tables: dict[str, Any] = {
        what: sent(spark, getattr(history, what)) for what in ("reviews", "enforcement")
    }
    daily, accounts = sent(spark, read_table(sample, Daily)), sent(spark, read_table(sample, Accounts))

    assert_frame_equal(dl.spark.peer_rates(daily, accounts), read_table(sample, PeerRates), check_exact=True)
    found = dl.spark.simulate(daily, accounts, policy=policy, scenario=scenario, **tables)

    assert_same(found, dl.simulate(history, policy=policy, scenario=scenario))


def test_a_world_on_a_cluster_in_two_pieces(spark: SparkSession, world: dl.History) -> None:
    """Luck is each account's own, wherever it is walked; and the standing on the cluster goes on there."""
    policy = dl.Policy.preset("hubspot-like")
    scenario = dl.Scenario.from_text(CHANCE)
    given: dict[str, Any] = {"policy": policy, "scenario": scenario}
    daily, accounts = sent(spark, world.daily), sent(spark, world.accounts)
    tables: dict[str, Any] = {what: sent(spark, getattr(world, what)) for what in ("reviews", "enforcement")}
    tables |= {"peer_rates": world.peer_rates}

    first = dl.spark.simulate(daily, accounts, until=HALF_TIME, **given, **tables)
    second = dl.spark.simulate(daily, accounts, start=first.standing, **given, **tables)

    begun = dl.simulate(world, until=HALF_TIME, **given)
    assert_same(first, begun)
    assert_same(second, dl.simulate(world, start=begun.standing, **given))
    first.unpersist()


def test_a_search_on_a_cluster(spark: SparkSession, world: dl.History) -> None:
    """Every policy tried, the finalists and the candidate, on the days searched and on those that judge."""
    search, scenario = dl.Search.from_text(SEARCH), dl.Scenario.historical()
    given: dict[str, Any] = {"policy": dl.Policy.preset("hubspot-like"), "scenario": scenario, "seed": 7}
    tables: dict[str, Any] = {what: sent(spark, getattr(world, what)) for what in ("reviews", "enforcement")}
    daily, accounts = sent(spark, world.daily), sent(spark, world.accounts)

    found = dl.spark.tune(daily, accounts, search=search, **given, **tables)

    one_machine = dl.tune(world, search=search, resamples=10, **given)
    assert one_machine.finalists.height > 1
    assert found.seen.days == one_machine.seen.days
    for name in ("rows", "champion_row", "finalists"):
        expected = getattr(one_machine, name).drop("low", "high", "picked", strict=False)
        assert_frame_equal(getattr(found, name), expected, rel_tol=1e-10, abs_tol=1e-9)
    assert repr(found) == repr(one_machine)
    assert found.candidate == one_machine.candidate
    tried = sensitivity(found)
    assert_frame_equal(tried, sensitivity(one_machine), rel_tol=1e-10, abs_tol=1e-9)
    found.unpersist()


def test_a_search_finds_the_same_again(spark: SparkSession, world: dl.History) -> None:
    """Sums of partitions come to the driver in any order; they are the same to the last bit."""
    given: dict[str, Any] = {"policy": dl.Policy.preset("hubspot-like"), "scenario": dl.Scenario.never()}
    given |= {"search": dl.Search.from_text(SEARCH), "peer_rates": world.peer_rates}
    tables = sent(spark, world.daily), sent(spark, world.accounts)

    first, second = (dl.spark.tune(*tables, **given) for _ in range(2))

    assert_frame_equal(first.rows, second.rows, check_exact=True)


def test_what_grows_with_accounts_stays_on_the_cluster(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver gets as few rows for thousands of accounts as for hundreds."""
    from pyspark.sql.classic.dataframe import DataFrame as Classic

    got: list[int] = []

    def counted(name: str) -> Callable[[DataFrame], object]:
        fetch = getattr(Classic, name)

        def fetched(frame: DataFrame) -> object:
            answer = fetch(frame)
            got.append(len(answer) if hasattr(answer, "__len__") else 1)
            return answer

        return fetched

    for name in ("collect", "toArrow", "toPandas"):
        monkeypatch.setattr(Classic, name, counted(name))
    walked, searched = [], []
    for many in (200, 2000):
        got.clear()
        daily, accounts = alike(many)
        days, known = sent(spark, daily), sent(spark, accounts)
        given: dict[str, Any] = {"policy": dl.Policy.preset("evidence"), "scenario": dl.Scenario.never()}
        dl.spark.simulate(days, known, **given)
        walked.append(sorted(got))
        got.clear()
        dl.spark.tune(days, known, search=dl.Search.from_text(GRID), **given)
        searched.append(sorted(got))

    assert walked[0] == walked[1]
    assert max(walked[0]) < 50
    assert searched[0] == searched[1]
    assert max(searched[0]) < 200


def test_bad_input_is_told_before_any_work(spark: SparkSession, world: dl.History) -> None:
    """One line, of the same words as on one machine."""
    daily, accounts = sent(spark, world.daily), sent(spark, world.accounts)
    policy, never = dl.Policy.preset("evidence"), dl.Scenario.never()

    with pytest.raises(dl.DataError, match="events: column 'bounce_reason' is missing"):
        dl.spark.daily_counts(daily)
    with pytest.raises(dl.DataError, match="daily: column 'sent' is missing, must be there as Int64"):
        dl.spark.peer_rates(daily.drop("sent"), accounts)
    with pytest.raises(dl.DataError, match="accounts: is a DataFrame, must be a Spark DataFrame"):
        dl.spark.peer_rates(daily, world.accounts)
    with pytest.raises(dl.PolicyError, match="window lag_days = 2, must be at least 9"):
        dl.spark.simulate(
            daily, accounts, policy=policy, scenario=never, peer_rates=world.peer_rates, known_within_days=9
        )


def test_a_bad_row_ends_the_job_with_the_same_line(spark: SparkSession, world: dl.History) -> None:
    """What is wrong with a row is found where it lies."""
    from pyspark.errors import PythonException

    known = sent(spark, world.accounts.tail(-1))
    found = dl.spark.simulate(
        sent(spark, world.daily), known, policy=dl.Policy.preset("hubspot-like"),
        scenario=dl.Scenario.never(), peer_rates=world.peer_rates,
    )  # fmt: skip

    first = re.escape(repr(world.accounts["account_id"][0]))
    with pytest.raises(PythonException, match=f"daily: account_id == {first}, must be in accounts"):
        found.outcomes.count()


def test_the_page_runs_as_it_stands(
    spark: SparkSession, sample: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What docs/spark.md shows works in a checkout."""
    root = sample.parents[1]
    monkeypatch.chdir(root)
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs" / "spark.md").read_text("utf-8"), re.S)
    names: dict[str, object] = {"spark": spark}

    for block in blocks:
        exec(compile(block, "spark.md", "exec"), names)

    assert "final_stage" in capfd.readouterr().out


def test_the_benchmark_compares_like_with_like(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step that is timed gives the same rows on either."""
    monkeypatch.setattr(benchmark, "QUICK", (20_000, 40, 120))
    monkeypatch.setattr(benchmark, "_session", lambda: spark)
    benchmark.prepare(tmp_path, quick=True)

    for step in benchmark.STEPS:
        plain, ours = (getattr(benchmark, f"{step}_on_{where}")(tmp_path) for where in ("polars", "spark"))
        assert plain.height > 0
        assert_frame_equal(ours, plain, check_exact=True)


def assert_same(found: dl.spark.Simulation, one_machine: Simulation) -> None:
    """All three tables, row for row and to the last bit."""
    assert one_machine.transitions.height > 10
    for name, table in (("transitions", Transitions), ("outcomes", Outcomes), ("standing", Standing)):
        expected = getattr(one_machine, name).sort(table.primary_key())
        assert_frame_equal(rows(getattr(found, name), table), expected, check_exact=True)


def alike(many: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The days and accounts of so many accounts of one industry and volume."""
    ids = pl.DataFrame({"account_id": [f"{number:05}" for number in range(many)], "industry": "Retail"})
    days = pl.DataFrame({"day": pl.date_range(date(2026, 4, 1), date(2026, 6, 10), "3d", eager=True)})
    counts = {
        "sent": 300,
        "delivered": 297,
        "hard_bounces": 2,
        "soft_bounces": 1,
        "complaints": 1,
        "opens": 50,
    }
    known = ids.select("account_id").join(days, how="cross")
    return known.with_columns(pl.lit(counts.get(name, 0), pl.Int64).alias(name) for name in COUNTS), ids
