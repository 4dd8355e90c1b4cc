"""How a contact review shows itself in a notebook: what is to be done, group by group, and no address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.display import bar, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from markupsafe import Markup

DECISIONS = {"remove": "remove", "reconfirm": "ask again", "keep": "keep"}


def checklist_text(summary: Mapping[str, Any], /) -> str:
    """What the decisions add up to, in a line.

    >>> checklist_text({"contacts": 2050, "to_remove": 160, "to_reconfirm": 11, "kept": 1879})
    '160 of 2,050 contacts to remove, 11 to ask again, 1,879 to keep'
    """
    if not summary["contacts"]:
        return "no contact list"
    return (
        f"{summary['to_remove']:,} of {summary['contacts']:,} contacts to remove, "
        f"{summary['to_reconfirm']:,} to ask again, {summary['kept']:,} to keep"
    )


def checklist_html(groups: pl.DataFrame, summary: Mapping[str, Any], number: str, /) -> Markup:
    """The sum, the reasons with how many contacts have each, and the number that names the checklist."""
    rows = [
        (row["words"], DECISIONS[row["decision"]], row["contacts"], bar(row["share"]))
        for row in groups.iter_rows(named=True)
    ]
    listed = table(["why", "what to do", "contacts", "share of all"], rows)
    return (
        paragraph(f"{checklist_text(summary)}.", strong="Contact review:")
        + listed
        + paragraph(f"Checklist {number}. A contact stands under every reason it has.")
    )
