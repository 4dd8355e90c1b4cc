"""A policy as a file: what it says, as TOML, with why it says so above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from deliverlab.policy.toml import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deliverlab.policy.model import Policy


def policy_text(policy: Policy, /, *, reason: str = "", differs: Iterable[str] = ()) -> str:
    """The policy as TOML that reads back as the same policy; keys that were left out stay out.

    A `reason`, and lines on what `differs` from another policy, stand above it as comments.

    >>> from deliverlab.policy.model import Policy
    >>> from deliverlab.policy.diff import policy_diff
    >>> evidence = Policy.preset("evidence")
    >>> text = policy_text(evidence, reason="fewer false trips")
    >>> text.splitlines()[0], policy_diff(Policy.from_text(text), evidence)
    ('# Why: fewer false trips', [])
    """
    notes = [f"Why: {reason}"] if reason else []
    notes += differs
    document = tomlkit.document()
    for note in notes:
        document.add(tomlkit.comment(printable(note)))
    for key, value in policy.model_dump(exclude_unset=True).items():
        document.add(key, _item(value))
    return tomlkit.dumps(document)


def _item(value: Any) -> Any:  # noqa: ANN401  whatever a file may hold
    """Tables as tables, lists of tables a table each, but those inside a rule on a line each."""
    if _is_tables(value):
        tables = tomlkit.aot()
        for entry in value:
            tables.append(_table(entry))
        return tables
    return _table(value) if isinstance(value, dict) and value else _plain(value)


def _table(entries: Mapping[str, Any]) -> Any:  # noqa: ANN401
    table = tomlkit.table()
    for key, value in entries.items():
        table.add(key, _plain(value))
    return table


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A value that stands behind its key."""
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update({key: _plain(inner) for key, inner in value.items()})
        return inline
    if isinstance(value, (tuple, list)):
        array = tomlkit.array()
        array.extend(_plain(inner) for inner in value)
        return array.multiline(_is_tables(value))
    return value


def _is_tables(value: object) -> bool:
    return (
        isinstance(value, (tuple, list)) and bool(value) and all(isinstance(entry, dict) for entry in value)
    )
