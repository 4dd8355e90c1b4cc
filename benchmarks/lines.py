"""The figures of a run as lines of one table: who did what at which size, in what time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OURS = "deliverlab"
SIZES = ("accounts", "days", "events", "entries", "records", "contacts", "policies", "reports", "resamples")
SCHEMA = {
    "benchmark": pl.String, "size": pl.String, "amount": pl.Float64, "contender": pl.String,
    "seconds": pl.Float64, "cold_seconds": pl.Float64, "peak_mib": pl.Float64, "parity": pl.Boolean,
}  # fmt: skip


def lines(results: list[dict[str, Any]], /) -> pl.DataFrame:
    """A row a benchmark, size and contender, `times` beside ours; what measures no seconds has no row.

    `amount` is the largest number of the size: by it the sizes of a benchmark are ordered.
    """
    rows = [row for result in results for row in _rows(result)]
    table = pl.DataFrame(rows, schema=SCHEMA)
    ours = table.filter(contender=OURS).select("benchmark", "size", ours="seconds")
    return table.join(ours, on=["benchmark", "size"], how="left", maintain_order="left").with_columns(
        times=pl.col("seconds") / pl.col("ours")
    )


def size_words(figures: Mapping[str, Any], /) -> str:
    """How much there was.

    >>> size_words({"accounts": 10_000, "days": 365, "parity": True})
    '10,000 accounts, 365 days'
    """
    return ", ".join(f"{figures[name]:,} {name}" for name in SIZES if name in figures)


def _rows(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    figures = result["figures"]
    shared = {
        "size": size_words(figures),
        "amount": float(max((figures[name] for name in SIZES if name in figures), default=0)),
    }
    for benchmark, contender, measured in _measured(result):
        yield dict.fromkeys(SCHEMA) | shared | measured | {"benchmark": benchmark, "contender": contender}


def _measured(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Benchmark, contender and what was measured of it, whatever shape the benchmark gives its figures."""
    name, figures = result["name"], result["figures"]
    if "warm_seconds" in result:
        for contender, its in {OURS: result, **result["peers"]}.items():
            yield name, contender, _times(its) | {"parity": result["parity"]}
    elif name == "sweep":
        yield name, OURS, _times(figures) | {"parity": all(figures["parity"].values())}
        for peer, seconds in figures["peers_seconds_multiplied"].items():
            yield name, f"{peer} (part of them)", {"seconds": seconds}
    elif name == "reports":
        ours = {"peak_mib": figures["peak_mib_of_a_process"], "parity": figures["parity_with_kernel_engine"]}
        for contender, each in figures["seconds_a_report"].items():
            yield name, contender, {"seconds": each} | (ours if contender == OURS else {})
    elif name == "billion":
        yield name, OURS, {name: figures[name] for name in ("seconds", "peak_mib", "parity")}
        yield name, "one plain count", {"seconds": figures["seconds_of_a_plain_count"]}
    elif name == "spark":
        for step in (each for each in figures if isinstance(figures[each], dict)):
            for contender, engine in ((OURS, "polars"), ("deliverlab on Spark", "spark")):
                seconds = {"seconds": figures[step][f"{engine}_seconds"]}
                cold = {"cold_seconds": figures[step][f"{engine}_cold_seconds"]}
                yield f"spark: {step}", contender, seconds | cold | {"parity": figures[step]["parity"]}


def _times(its: Mapping[str, Any]) -> dict[str, Any]:
    return {"seconds": its["warm_seconds"], "cold_seconds": its["cold_seconds"], "peak_mib": its["peak_mib"]}
