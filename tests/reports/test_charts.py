"""Charts draw the right columns and nothing else."""

import json
from datetime import date

import polars as pl
import pytest

from deliverlab.metrics import METRICS
from deliverlab.reports.charts import (
    EVENT_COLOURS,
    REACH,
    STAGE_COLOURS,
    plot_industries,
    plot_queue,
    plot_snapshot,
    plot_stages,
    plot_trend,
)
from deliverlab.reports.render import VEGALITE, Chart
from deliverlab.reports.theme import GRADE_COLOURS, NIGHT, OWN, PAPER, PEERS
from tests.reports.fakes import AS_OF, a_health, a_trend
from tests.tables import table


def rows_of(chart: Chart, place: int = 0) -> list[dict[str, object]]:
    """The rows that travel with a chart: its data sets in the order in which layers use them."""
    layers = chart.spec.get("layer", [chart.spec])
    names = [layer.get("data", chart.spec.get("data"))["name"] for layer in layers]
    return list(chart.spec["datasets"][names[place]])


def fields_of(layer: dict[str, object]) -> dict[str, str]:
    """The column of each channel that has one."""
    encoding = layer["encoding"]
    assert isinstance(encoding, dict)
    return {name: channel["field"] for name, channel in encoding.items() if "field" in channel}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("paper", [PAPER, NIGHT])
@pytest.mark.parametrize("colour", {*GRADE_COLOURS.values(), *STAGE_COLOURS, *EVENT_COLOURS, OWN, PEERS})
def test_marks_stand_out(colour: str, paper: str) -> None:
    """Every colour of a mark has a contrast of three to one on light and on dark."""
    assert contrast(colour, paper) >= 3


def test_a_chart_is_data_that_needs_no_network() -> None:
    """A chart shows itself as its specification and words, without the address of a schema."""
    chart = plot_trend(a_trend(), metric="hard_bounce_rate")

    data, metadata = chart._repr_mimebundle_()

    assert set(data) == {VEGALITE, "text/plain"}
    assert "http" not in json.dumps(data)
    assert isinstance(data[VEGALITE]["width"], int)
    assert metadata[VEGALITE]["embed_options"]["actions"] is False


def test_the_same_table_gives_the_same_chart() -> None:
    """Specifications hold nothing random, and do not depend on the order of rows."""
    one = plot_trend(a_trend(), metric="hard_bounce_rate")
    other = plot_trend(a_trend().reverse(), metric="hard_bounce_rate")

    assert json.dumps(one.spec) == json.dumps(other.spec)


def test_a_trend_shows_the_rate_before_its_peers() -> None:
    """Bands and lines of the account and of its peers are drawn from their own columns."""
    chart = plot_trend(a_trend(), metric="hard_bounce_rate")

    drawn = [fields_of(layer) for layer in chart.spec["layer"]]
    assert [(fields["y"], fields.get("y2")) for fields in drawn] == [
        ("peer_low", "peer_high"),
        ("peer_rate", None),
        ("rate_low", "rate_high"),
        ("rate", None),
    ]
    assert {fields["x"] for fields in drawn} == {"day"}
    assert chart.words.startswith("hard bounce rate: 0.69% on 2 May 2026")


def test_a_trend_carries_only_what_it_draws() -> None:
    """Other metrics, other columns and digits nobody can see stay at home."""
    both = pl.concat([a_trend(), a_trend(metric="complaint_rate")])

    rows = rows_of(plot_trend(both, metric="complaint_rate"))

    assert len(rows) == 60
    assert set(rows[0]) == {"day", "rate", "rate_low", "rate_high", "peer_rate", "peer_low", "peer_high"}
    assert all(len(str(row["rate"])) <= 8 for row in rows)


def test_a_trend_without_mail_says_so() -> None:
    """A metric without any row is an empty chart with words, never an error."""
    chart = plot_trend(a_trend(), metric="open_rate")

    assert chart.words == "open rate: no mail in these days"


def test_a_stage_is_marked_on_its_day() -> None:
    """A mark is a line and a word on its day."""
    chart = plot_trend(a_trend(), metric="hard_bounce_rate", marks=[(date(2026, 6, 24), "Probation")])

    assert [layer["mark"]["type"] for layer in chart.spec["layer"]][-2:] == ["rule", "text"]
    assert [(row["day"], row["word"]) for row in rows_of(chart, -1)] == [("2026-06-24T00:00:00", "Probation")]


def test_a_snapshot_compares_only_rates_of_which_less_is_better() -> None:
    """On one picture one direction means one thing."""
    rows = rows_of(plot_snapshot(a_health()), 1)

    assert [row["metric"] for row in rows] == [m.words for m in METRICS.values() if m.is_high_bad]
    assert rows[0]["ratio"] == pytest.approx(85 / 4_000 / 0.006, abs=1e-3)
    assert rows[0]["low"] < rows[0]["ratio"] < rows[0]["high"]  # type: ignore[operator]


def test_a_snapshot_keeps_zero_on_its_axis() -> None:
    """A rate of zero has no place on a logarithmic axis and is drawn at its end."""
    rows = rows_of(plot_snapshot(a_health(scale=0)), 1)

    assert {row["ratio"] for row in rows} == {round(1 / REACH, 4)}


def test_a_snapshot_leaves_out_what_has_no_peers() -> None:
    """Without a peer rate there is nothing to compare with."""
    alone = a_health().with_columns(peer_rate=pl.lit(None, dtype=pl.Float64))

    assert plot_snapshot(alone).spec["height"] == 0


def test_the_queue_stands_in_its_order() -> None:
    """Accounts are drawn from the first to the last, coloured by what there is too much of."""
    queue = table(
        """
        name | worst_metric     | excess
        Z    | hard_bounce_rate | 90.5
        A    | complaint_rate   | 12.25
        """
    )

    chart = plot_queue(queue)

    encoding = chart.spec["layer"][0]["encoding"]
    assert encoding["y"]["sort"] == ["Z", "A"]
    assert encoding["color"]["scale"]["domain"] == ["hard bounces", "complaints"]
    assert chart.words == "Z: 90 hard bounces; A: 12 complaints"


def test_industries_are_a_grid_that_says_its_numbers() -> None:
    """A cell is as full as its share is poor, and says how many of how many."""
    cells = table(
        """
        industry | band   | accounts | poor | poor_share
        Retail   | <1k    | 4        | 1    | 0.25
        Travel   | 1k-10k | 3        | 0    | 0.0
        """
    )

    chart = plot_industries(cells)

    grid, labels = chart.spec["layer"]
    assert fields_of(grid) | {"opacity": "poor_share"} == fields_of(grid)
    assert fields_of(labels)["text"] == "label"
    assert [row["label"] for row in rows_of(chart)] == ["1 of 4", "0 of 3"]
    assert chart.words == "Retail <1k: 1 of 4"


def test_stages_are_stacked_mildest_first() -> None:
    """The order of the ladder is the order of the stack, whatever the table's."""
    timeline = pl.DataFrame({"day": [AS_OF, AS_OF], "stage": ["suspended", "probation"], "accounts": [2, 5]})

    chart = plot_stages(timeline, stages=["probation", "suspended"])

    assert chart.spec["encoding"]["color"]["scale"]["domain"] == ["Probation", "Suspended"]
    assert chart.words == "On the last day: Probation 5, Suspended 2"
