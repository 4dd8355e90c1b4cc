"""Every kind of chart is right by the whole schema of Vega-Lite."""

import json

import altair as alt
import pytest

from deliverlab.reports.render import VEGALITE
from tests.notebooks.make import HERE, PARAMETERS


@pytest.mark.parametrize("stem", PARAMETERS)
def test_charts_are_right_by_the_schema(stem: str) -> None:
    """What is drawn up without a check at run time is checked here, as the executed notebooks hold it."""
    cells = json.loads((HERE / f"{stem}.ipynb").read_text())["cells"]
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]

    for spec in (data[VEGALITE] for data in shown if VEGALITE in data):
        alt.Chart.from_dict(spec, validate=True)
