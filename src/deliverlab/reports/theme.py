"""The look of charts: colours that read on light, on dark and to the colour-blind, and one Vega-Lite theme.

Text, axes and rules are drawn in `currentColor`, so that a chart takes the ink of the page it stands on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.language import ENGLISH, say, spoken
from deliverlab.schemas import NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from collections.abc import Mapping

PAPER = "#ffffff"
NIGHT = "#15181d"
INK = "currentColor"
OWN = "#2f7dc4"
PEERS = "#858b94"
ALARM = "#d4572a"

GRADE_COLOURS: Mapping[str, str] = {
    "poor": ALARM,
    "fair": "#b98a1c",
    "good": "#22958a",
    "excellent": OWN,
    NOT_ENOUGH_MAIL: PEERS,
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

THEME: Mapping[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "title": {
        "anchor": "start", "color": INK, "fontSize": 15, "fontWeight": 600, "offset": 14,
        "subtitleColor": INK, "subtitleFontSize": 12, "subtitlePadding": 5,
    },
    "axis": {
        "domain": False, "ticks": False, "grid": True,
        "gridColor": INK, "gridOpacity": 0.12, "labelColor": INK, "labelOpacity": 0.8, "labelPadding": 6,
        "labelFontSize": 12, "titleColor": INK, "titleOpacity": 0.8,
        "titleFontSize": 12, "titleFontWeight": 400,
    },
    "axisBand": {"grid": False, "labelOpacity": 1},
    "legend": {
        "orient": "top", "direction": "horizontal", "offset": 6, "labelColor": INK, "labelFontSize": 12,
        "labelLimit": 260, "columnPadding": 18, "symbolSize": 90, "symbolStrokeWidth": 2,
    },
    "text": {"color": INK, "fontSize": 12},
    "rule": {"color": INK},
}  # fmt: skip


def chart_locale() -> dict[str, Any]:
    """How Vega writes numbers and days in the language that is spoken; English is its own."""
    language = spoken()
    if language.tag == ENGLISH:
        return {}
    months, days = language.locale.months["format"], language.locale.days["format"]
    from_january, from_sunday = range(1, 13), (6, 0, 1, 2, 3, 4, 5)
    return {
        "locale": {
            "number": {
                "decimal": language.point, "thousands": language.comma, "grouping": [3], "currency": ["", ""],
                "percent": say("{}%").removeprefix("{}"),
            },
            "time": {
                "dateTime": "%A %-d %B %Y %X", "date": "%Y-%m-%d", "time": "%H:%M:%S", "periods": ["", ""],
                "days": [days["wide"][day] for day in from_sunday],
                "shortDays": [days["abbreviated"][day] for day in from_sunday],
                "months": [months["wide"][month] for month in from_january],
                "shortMonths": [months["abbreviated"][month] for month in from_january],
            },
        }
    }  # fmt: skip
