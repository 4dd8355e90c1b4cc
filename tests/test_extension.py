"""`%load_ext deliverlab`: what it sets in a notebook, and that it puts everything back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import deliverlab as dl
from deliverlab.reports.render import VEGALITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    Shell = Any  # IPython's InteractiveShell, which is hardly typed

CHART = alt.Chart({"values": [{"x": 1}]}).mark_point().encode(x="x:Q")


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A notebook's IPython, with the extension loaded; afterwards everything is as it was."""
    before = (alt.renderers.active, alt.theme.active)
    shell: Shell = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.run_line_magic("load_ext", "deliverlab")
    yield shell
    if "deliverlab" in shell.extension_manager.loaded:
        shell.run_line_magic("unload_ext", "deliverlab")
    assert (alt.renderers.active, alt.theme.active) == before


@pytest.mark.usefixtures("shell")
def test_a_chart_is_data_that_a_notebook_draws_without_a_network() -> None:
    """A user's own chart has our theme, names no address, and is of the type that JupyterLab draws."""
    data, metadata = CHART._repr_mimebundle_()

    assert set(data) == {VEGALITE, "text/plain"}
    assert "$schema" not in data[VEGALITE]
    assert data[VEGALITE]["config"]["font"]
    assert metadata[VEGALITE]["embed_options"]


def test_wrong_input_is_one_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """What input gets wrong is said in a line without a traceback; a mistake of the code keeps its own."""
    shell.run_cell("import deliverlab as dl; dl.Policy.preset('nosuch')")
    said = capsys.readouterr().out
    shell.run_cell("1 / 0")
    mistake = capsys.readouterr().out

    assert "nosuch" in said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" in mistake


def test_a_policy_is_written_in_a_cell(shell: Shell) -> None:
    """The cell's TOML becomes a policy under the name on its first line, equal to the same text in a file."""
    text = dl.policy_text(dl.Policy.preset("hubspot-like"))

    result = shell.run_cell(f"%%policy mine\n{text}").result

    assert shell.user_ns["mine"] == result == dl.Policy.from_text(text, where="file")


def test_a_scenario_is_written_in_a_cell(shell: Shell) -> None:
    """As policies are."""
    shell.run_cell('%%scenario quiet\nname = "nobody reviews"\n[review]\nmode = "never"')

    assert shell.user_ns["quiet"].review == dl.Scenario.never().review


@pytest.mark.parametrize("line", ["", "two words", "import os; x", "1st"])
def test_a_name_must_be_a_name(shell: Shell, capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Nothing but one name can stand behind the magic, so that a line never becomes code."""
    shell.run_cell(f"%%policy {line}\nname = 'mine'")

    assert "must be followed by the name" in capsys.readouterr().out


def test_a_notebook_run_again_keeps_its_look(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run of the cell that loads the extension shows the look anew, and nobody is told to reload."""
    shell.display_pub = CapturingDisplayPublisher()  # type: ignore[no-untyped-call]

    for _ in range(2):
        shell.run_cell("%load_ext deliverlab\nimport deliverlab as dl")

    assert ["<style>" in output["data"]["text/html"] for output in shell.display_pub.outputs] == [True, True]
    assert "already loaded" not in capsys.readouterr().out


def test_unloading_puts_everything_back(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors have their traceback again, the magics are gone."""
    shell.run_line_magic("unload_ext", "deliverlab")
    capsys.readouterr()

    shell.run_cell("import deliverlab as dl; dl.Policy.preset('nosuch')")

    assert "Traceback" in capsys.readouterr().out
    assert "policy" not in shell.magics_manager.magics["cell"]
