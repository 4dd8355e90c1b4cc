"""Parameters are read from a notebook's own cell and refused unless they are exactly those."""

import json
from pathlib import Path

import pytest

from deliverlab.errors import DataError
from deliverlab.reports.parameters import check_parameters, declared_parameters

CELL = """\
account_id: str = "a"  # whose health
days: int = 30  # how far back
share: float = 0.5  # of the mail
is_shown: bool = False  # whether
"""
GIVEN = {"account_id": "b", "days": 7, "share": 1, "is_shown": True}


def a_notebook(folder: Path, *cells: str) -> Path:
    """A notebook whose cells are all tagged as parameters."""
    path = folder / "page.ipynb"
    tagged = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": cell.splitlines(keepends=True)}
        for cell in cells
    ]
    path.write_text(json.dumps({"cells": tagged}))
    return path


def test_names_types_defaults_and_help_are_read(tmp_path: Path) -> None:
    """A line of the cell is a parameter."""
    declared = declared_parameters(a_notebook(tmp_path, CELL))

    assert list(declared) == list(GIVEN)
    assert [parameter.type for parameter in declared.values()] == [str, int, float, bool]
    assert (declared["days"].default, declared["days"].help) == (30, "how far back")


def test_right_parameters_pass(tmp_path: Path) -> None:
    """All there, all of their type; a whole number is also a float."""
    check_parameters(GIVEN, notebook=a_notebook(tmp_path, CELL))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (GIVEN | {"acount_id": "b"}, "parameter 'acount_id' is unknown; did you mean 'account_id'?"),
        (GIVEN | {"xyz": 1}, "parameter 'xyz' is unknown; it has account_id, days, share, is_shown"),
        (
            {k: v for k, v in GIVEN.items() if k != "days"},
            "parameter 'days' is missing, must be there (how far back)",
        ),
        (GIVEN | {"days": "7"}, "parameter days == '7', must be of type int"),
        (GIVEN | {"days": True}, "parameter days == True, must be of type int"),
        (GIVEN | {"days": 7.0}, "parameter days == 7.0, must be of type int"),
        (GIVEN | {"account_id": None}, "parameter account_id == None, must be of type str"),
        (GIVEN | {"is_shown": 1}, "parameter is_shown == 1, must be of type bool"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, given: dict[str, object], complaint: str) -> None:
    """Unknown, missing or mistyped: one line, and nothing runs."""
    with pytest.raises(DataError) as refused:
        check_parameters(given, notebook=a_notebook(tmp_path, CELL))

    assert str(refused.value) == f"page.ipynb: {complaint}"


@pytest.mark.parametrize(
    "line",
    [
        "a = 1",
        "a: int",
        "a: int = 1 + 1",
        "a: int = 'x'",
        "a: list = []",
        "a: datetime.date = None",
        "import os",
        "print('x')",
    ],
)
def test_the_cell_holds_nothing_but_parameters(tmp_path: Path, line: str) -> None:
    """Parameters are data: a line that is anything else is refused."""
    with pytest.raises(DataError, match="must be like 'name: type = value  # help'"):
        declared_parameters(a_notebook(tmp_path, line))


@pytest.mark.parametrize("cells", [(), (CELL, CELL)])
def test_there_is_one_cell_of_parameters(tmp_path: Path, cells: tuple[str, ...]) -> None:
    """None or two: refused."""
    with pytest.raises(DataError, match="must be one"):
        declared_parameters(a_notebook(tmp_path, *cells))


def test_a_cell_that_is_no_python_is_refused(tmp_path: Path) -> None:
    """With the line where it stops being Python."""
    with pytest.raises(DataError, match=r"is not Python \(line 1\)"):
        declared_parameters(a_notebook(tmp_path, "a: int ="))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 1}', "\x00"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    """In one line, whatever it is instead."""
    path = tmp_path / "page.ipynb"
    path.write_text(content)

    with pytest.raises(DataError, match="must be a Jupyter notebook"):
        declared_parameters(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Like one that is no notebook."""
    with pytest.raises(DataError, match="must be a Jupyter notebook"):
        declared_parameters(tmp_path / "none.ipynb")
