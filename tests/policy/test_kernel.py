"""What the compiled walk takes for granted of the rest of the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from deliverlab.policy.kernel import layout, part
from deliverlab.policy.rule import Rule
from deliverlab.policy.scenario import Review
from deliverlab.schemas import CAUSES

if TYPE_CHECKING:
    import pytest


def test_numbers_stand_for_the_right_words() -> None:
    """Kinds, modes and causes are numbered in the order of their words."""
    assert get_args(Rule.model_fields["kind"].annotation) == layout.KINDS
    assert get_args(Review.model_fields["mode"].annotation) == layout.MODES
    codes = {"breach": layout.BREACH, "unreviewed": layout.UNREVIEWED, "review": layout.REVIEW}
    codes |= {"recovery": layout.RECOVERY, "expired": layout.EXPIRED}
    assert [CAUSES[code] for code in codes.values()] == list(codes)


def test_what_was_compiled_from_other_sources_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change in any file of the kernel changes the name under which numba's cache knows the walk."""
    folder = Path(part.__file__).parent
    for file in folder.glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(part, "__file__", str(tmp_path / "part.py"))
    assert part.sources() == part.sources()
    for name in ("windows.py", "rules.py", "ladder.py", "layout.py", "diary.py", "walk.py"):
        before = part.sources()
        (tmp_path / name).write_text((tmp_path / name).read_text("utf-8") + "\n", encoding="utf-8")
        assert part.sources() != before
