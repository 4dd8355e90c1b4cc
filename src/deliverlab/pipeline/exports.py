"""Checklists handed out as files for spreadsheets, named by what is safe of the account's id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.pipeline.checklists import contacts_of, events_of, with_keys
from deliverlab.pipeline.directory import about, read_table
from deliverlab.pipeline.lookup import as_day, refuse_stranger
from deliverlab.reports.making import stem_of, write_whole
from deliverlab.review.checklist import checklist_groups, checklist_hash, checklist_summary
from deliverlab.review.decisions import contact_decisions
from deliverlab.review.kept import checklist_csv
from deliverlab.review.workbook import checklist_workbook
from deliverlab.schemas import Accounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    import polars as pl

AT_ONCE = 100  # accounts whose lists are in memory together
WITH_ADDRESSES = "-with-addresses"  # in the name of every file that holds addresses in clear


def export_checklists(
    data: str | Path, account_ids: Iterable[str], /, *, as_of: date | str, out: str | Path,
    show_addresses: bool = False,
) -> dict[str, list[Path]]:  # fmt: skip
    """The checklist of each account as CSV and XLSX in `out`; answers where they lie, by account.

    Addresses are masked unless asked for, and then the names of the files and the workbook's first sheet say
    so. The CSV is what `review record --checklist` takes back.
    Raises `DataError` for an account that is not there.
    """
    day, accounts, folder = as_day(as_of), read_table(data, Accounts), Path(out)
    wanted = list(account_ids)
    for account_id in wanted:
        refuse_stranger(account_id, accounts)
    names = dict(accounts.select("account_id", "name").iter_rows())
    shared = {"Day": str(day)}
    if about(data).get("is_synthetic"):
        shared["Figures"] = "synthetic: made up for demonstration"
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, list[Path]] = {}
    for account_id, own in _decided(data, wanted, as_of=day):
        facts = {"Account": account_id, "Name": names[account_id] or "", **shared}
        stem = stem_of("checklist", account_id) + (WITH_ADDRESSES if show_addresses else "")
        for ending, content in _files(
            own, data, facts=facts, as_of=day, show_addresses=show_addresses
        ).items():
            path = folder / f"{stem}.{ending}"
            write_whole(path, content)
            written.setdefault(account_id, []).append(path)
    return written


def _decided(
    data: str | Path, account_ids: Sequence[str], *, as_of: date
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each account with its decisions, the lists of some accounts in memory at a time."""
    for first in range(0, len(account_ids), AT_ONCE):
        some = account_ids[first : first + AT_ONCE]
        contacts = contacts_of(data, some)
        decisions = contact_decisions(contacts, events_of(contacts, data), as_of=as_of).collect()
        by_account = decisions.partition_by("account_id", as_dict=True)
        for account_id in some:
            yield account_id, by_account.get((account_id,), decisions.clear())


def _files(
    decisions: pl.DataFrame, data: str | Path, *, facts: dict[str, str], as_of: date, show_addresses: bool
) -> dict[str, str | bytes]:
    summary = checklist_summary(decisions).collect().row(0, named=True)
    told = {
        "Number of this checklist": checklist_hash(decisions),
        "Contacts": str(summary["contacts"]),
        "To remove": str(summary["to_remove"]),
        "To reconfirm": str(summary["to_reconfirm"]),
        "Get no mail already": str(summary["already_suppressed"]),
    }
    rows, groups = with_keys(decisions, data), checklist_groups(decisions).collect()
    return {
        "csv": checklist_csv(rows, as_of=as_of, show_addresses=show_addresses),
        "xlsx": checklist_workbook(
            rows, groups, about=facts | told, as_of=as_of, show_addresses=show_addresses
        ),
    }
