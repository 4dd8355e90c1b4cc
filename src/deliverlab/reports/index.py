"""The first page of a run: what it made, to search and to sort; and the page of what failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from deliverlab.reports.fragments import fill, read_asset
from deliverlab.reports.pages import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deliverlab.reports.making import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the index: a name, facts by column, and links (words and file) to its pages."""

    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def index_page(
    entries: Sequence[Entry],
    /,
    *,
    title: str,
    facts: Sequence[str] = (),
    notices: Sequence[str] = (),
    links: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
) -> str:
    """The index of a run: links to its main pages, and a row an account.

    `links` are words and file of pages about no single account. Columns are those of the first entry; the
    reader may group the rows by those named in `groups`.
    """
    columns = list(entries[0].facts) if entries else []
    body = fill(
        "index.html.j2", title=title, facts=facts, notices=notices, links=links or {}, entries=entries,
        columns=columns, groups=groups,
    )  # fmt: skip
    return document(title=title, blocks=[Markup(body)], scripts=[read_asset("index.js")])  # noqa: S704  just escaped


def failures_page(failed: Sequence[Report], /, *, title: str = "Reports that failed") -> str:
    """What went wrong, report by report: a line, the parameters, and the traceback to open."""
    body = fill("failures.html.j2", title=title, failed=failed)
    return document(title=title, blocks=[Markup(body)], scripts=[])  # noqa: S704  just escaped
