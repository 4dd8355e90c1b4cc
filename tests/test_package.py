"""The package as a newcomer meets it: names, documents, speed of import."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import deliverlab as dl

ROOT = Path(__file__).parent.parent


def test_every_public_name_is_there() -> None:
    """What `dir()` promises, `getattr` keeps."""
    for name in dl.__all__:
        assert getattr(dl, name).__doc__
        assert name in dir(dl)


def test_type_checkers_see_the_names_that_users_get() -> None:
    """The names for type checkers and the names at run time are the same, from the same modules."""
    tree = ast.parse(Path(dl.__file__).read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module.removeprefix("deliverlab").lstrip(".")
        for node in guarded.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }

    assert seen == dl._HOMES | dict.fromkeys(dl._MODULES, "")


def test_importing_the_package_loads_no_heavy_library() -> None:
    """A name brings its module only when it is used."""
    code = "import sys, deliverlab; print({'polars', 'numba', 'altair'} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "none"


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as in any module."""
    assert not hasattr(dl, "simulat")


def test_documents_name_every_command_and_public_name() -> None:
    """README, GLOSSARY or CHANGELOG speak of every command and every public name."""
    from deliverlab.cli import app
    from deliverlab.cli.policies import policy_app
    from deliverlab.cli.reviews import review_app

    text = "".join((ROOT / name).read_text() for name in ("README.md", "GLOSSARY.md", "CHANGELOG.md"))
    commands = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    groups = {"policy": policy_app, "review": review_app}
    for command in commands | set(groups):
        assert re.search(rf"deliverlab {command}\b", text), command
    for name in dl.__all__:
        assert name in text, name


def test_the_lock_file_names_no_host() -> None:
    """Anybody can install from the registry of their choice."""
    for lock in ("requirements.lock", "requirements-spark.lock"):
        assert "://" not in (ROOT / lock).read_text()


def test_every_dependency_says_why_it_is_there() -> None:
    """Each dependency in pyproject.toml has its reason on the line."""
    for block in re.findall(
        r"^(?:dependencies|dev) = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.S | re.M
    ):
        for line in block.splitlines():
            assert re.search(r'",\s+# \w', line), line


def test_the_readme_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README shows in Python works in a checkout."""
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    names: dict[str, object] = {}

    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)

    assert names["quarantine"].is_empty()  # type: ignore[attr-defined]
    assert not names["scores"].is_empty()  # type: ignore[attr-defined]
