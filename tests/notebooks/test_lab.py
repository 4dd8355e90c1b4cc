"""Every notebook run in JupyterLab by a browser that reaches nothing but JupyterLab."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from deliverlab.cli.road import WITHOUT_A_NETWORK
from deliverlab.reports.render import VEGALITE
from tests.conftest import SAMPLE
from tests.notebooks.make import HERE, PARAMETERS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PATIENCE = 60_000  # milliseconds, on a machine that has other things to do
OWN = (  # of the server, so that it neither sees nor leaves anything of the user's
    "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
)  # fmt: skip
KERNEL = ".jp-StatusBar-Widget :text('| Idle')"  # the indicator is idle before there is a kernel, too
IDLE = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
WRONG = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"  # errors too
ALL_RUN = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]
    .every(prompt => /\\d/.test(prompt.textContent))"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """The address of a JupyterLab over a copy of the notebooks and the sample; it needs the browser."""
    del browser
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(SOURCES, home / "notebooks")
    shutil.copytree(SAMPLE, home / "data" / "sample")
    case = json.loads((SOURCES / "2_account_health.ipynb").read_text())
    given = next(cell for cell in case["cells"] if "parameters" in cell["metadata"].get("tags", ()))
    given["source"] += ['\naccount_id = "acct-9999"']
    (home / "notebooks" / "nobody.ipynb").write_text(json.dumps(case))
    server = subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0", "--IdentityProvider.token=", "--ServerApp.password=",
            f"--ServerApp.root_dir={home}", *WITHOUT_A_NETWORK,
        ],
        env=os.environ | {name: str(home / name) for name in OWN}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield _address(server, home / OWN[0])
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


@pytest.mark.parametrize("stem", list(PARAMETERS))
def test_a_notebook_runs_in_jupyterlab_as_it_is(lab: str, browser: Browser, stem: str) -> None:
    """All cells run without an error, all charts are drawn, and the browser asks nobody but JupyterLab."""
    page = browser.new_page(viewport={"width": 1200, "height": 12_000})
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))

    _run_all(page, f"{lab}lab/tree/notebooks/{stem}.ipynb?reset")

    assert page.locator(WRONG).all_text_contents() == []
    charts = page.locator(".jp-RenderedVegaLite").all()
    assert len(charts) == _charts_of(stem)
    assert all(chart.locator("svg, canvas").count() for chart in charts)
    assert {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))} == {"127.0.0.1"}
    page.close()


def test_results_wear_the_look_of_pages(lab: str, browser: Browser) -> None:
    """The banner has the bar in the colour of its grade, and columns of tables are as wide as their words.

    Also when all cells run again in the same kernel, in a window that shows only some of them.
    """
    page = browser.new_page()

    for _ in range(2):
        _run_all(page, f"{lab}lab/tree/notebooks/0_tutorial.ipynb?reset")

        banner, table = (page.locator(f".jp-RenderedHTML {it}").first for it in (".banner", "table"))
        assert banner.evaluate("it => getComputedStyle(it).borderLeftWidth") == "6px"
        assert table.evaluate("it => getComputedStyle(it).tableLayout") == "auto"
    page.close()


def test_an_account_that_is_not_there_is_said_in_a_line(lab: str, browser: Browser) -> None:
    """What the analyst got wrong stands under the cell, without a traceback."""
    page = browser.new_page()

    _press_run(page, f"{lab}lab/tree/notebooks/nobody.ipynb?reset")

    said = page.locator(WRONG)
    said.wait_for(state="attached", timeout=PATIENCE)
    (line,) = (said.text_content() or "").strip().splitlines()
    assert line.startswith("DataError: account_id == 'acct-9999', must be one of")
    page.close()


def _charts_of(stem: str) -> int:
    """How many of the notebook's results are charts, by its executed copy."""
    results = (
        output.get("data", {})
        for cell in json.loads((HERE / f"{stem}.ipynb").read_text())["cells"]
        for output in cell.get("outputs", ())
    )
    return sum(VEGALITE in data for data in results)


def _run_all(page: Page, address: str) -> None:
    """Run the notebook, and wait until each of its cells has a number and nothing is left to do."""
    _press_run(page, address)
    page.wait_for_function(ALL_RUN, timeout=PATIENCE)
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    page.wait_for_timeout(500)  # what came last is drawn after it came


def _press_run(page: Page, address: str) -> None:
    """Open the notebook and run all its cells from the menu, once its kernel answers."""
    page.goto(address, timeout=PATIENCE)
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=PATIENCE)
    page.wait_for_selector(KERNEL, timeout=PATIENCE)
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')


def _address(server: subprocess.Popen[bytes], runtime: Path) -> str:
    """Where the server listens, as it says itself once it does."""
    for _ in range(300):
        assert server.poll() is None, "JupyterLab ended at once"
        for note in runtime.glob("jpserver-*.json"):
            address = str(json.loads(note.read_text())["url"]).replace("localhost", "127.0.0.1")
            with urlopen(f"{address}api", timeout=30):
                return address
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start within a minute")
