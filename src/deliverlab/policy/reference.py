"""The reference of policy and scenario files, from the models that read them: `docs/policy-reference.md`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_origin

from deliverlab.metrics import METRICS
from deliverlab.policy.model import Policy
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.toml import model_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

HEAD = """\
# The reference of policy and scenario files

Written by `make reference` from the models that read the files; a test compares. Do not edit it by hand.
What the keys do together is told in [how a policy decides](how-a-policy-decides.md).

Both are TOML. Limits, shares and rates are fractions: 0.05, never 5. An unknown key, or a value that a key
must not have, is refused in one line that names the file, the place, the value and what it must be.
"""


def reference() -> str:
    """Every key of both files as Markdown tables: what it must be, its default, and what it means."""
    parts = [
        HEAD,
        "## A policy file\n",
        *_sections(Policy, at=""),
        "### Metrics\n",
        *_metrics(),
        "## A scenario file\n",
        *_sections(Scenario, at=""),
    ]
    return "\n".join(parts)


def _sections(model: type[BaseModel], *, at: str) -> Iterator[str]:
    """The keys of a table, then those of the tables in it."""
    yield f"{(model.__doc__ or '').splitlines()[0]}\n"
    yield "| key | must be | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for key, field in model.model_fields.items():
        cells = (f"`{key}`", field.description or "", _default(field), field.title or "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    for key, field in model.model_fields.items():
        inner = model_in(field.annotation)
        if inner is not None:
            is_list = get_origin(field.annotation) is tuple
            place = f"{at}.{key}" if at else key
            yield f"### `{f'[[{place}]]' if is_list else f'[{place}]'}`\n"
            yield from _sections(inner, at=place)


def _default(field: FieldInfo) -> str:
    """As it would stand in the file."""
    if field.is_required():
        return "required"
    if field.default is None or model_in(field.annotation) is not None:
        return "left out"
    value = field.default
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"


def _metrics() -> Iterator[str]:
    yield "| metric | events | out of | bad when |"
    yield "| --- | --- | --- | --- |"
    for metric in METRICS.values():
        side = "high" if metric.is_high_bad else "low"
        yield f"| `{metric.name}` | `{metric.numerator}` | `{metric.denominator}` | {side} |"
    yield ""
