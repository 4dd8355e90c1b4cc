"""The checklist as a file that says what it is: whose, of which day, its number; and what was kept of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError
from deliverlab.review.checklist import checklist_hash
from deliverlab.review.export import SEPARATOR, decisions_csv, defused
from deliverlab.review.reasons import REASONS, codes_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONGEST_VALIDITY = 30  # days for which a checklist serves an account that is in no stage
OF_ALL = ("account_id", "as_of", "checklist_hash")  # the same in every row
OF_EACH = ("decision", "reasons", "evidence")
CONTACTS = ("email", "masked_email", "email_key", "recipient_key")  # what stands for a contact, any of them


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChecklist:
    """What is kept of a checklist: whose and of which day it is, its number, and whom it removed."""

    account_id: str
    as_of: date
    checklist_hash: str
    removed_hash: str
    removed: int
    removed_by_reason: Mapping[str, int]
    is_remedy: bool


def checklist_csv(decisions: pl.DataFrame, /, *, as_of: date, show_addresses: bool = False) -> str:
    """The decisions of one account as CSV, each row with the account, the day and the checklist's number.

    Addresses are masked unless they are asked for, and what would run as a formula does not; see `export`.
    """
    rows = pl.read_csv(
        io.StringIO(decisions_csv(decisions, show_addresses=show_addresses)), infer_schema=False
    )
    whole = {"as_of": str(as_of), "checklist_hash": checklist_hash(decisions)}
    return rows.select(
        "account_id", *(pl.lit(value).alias(name) for name, value in whole.items()), pl.exclude("account_id")
    ).write_csv()


def read_checklist(path: Path, /) -> KeptChecklist:
    """What a file that `checklist_csv` wrote says.

    `removed` are contacts to remove, their number and the hash of their rows; `is_remedy` is whether any
    contact that still gets mail was to be removed or asked again.

    Raises `DataError` where the file is no checklist, is empty, or mixes several.
    """
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        why = str(error).splitlines()[0]
        raise DataError(f"{path}: cannot be read ({why}), must be the CSV of a checklist") from None
    contact = [name for name in CONTACTS if name in rows.columns]
    missing = [name for name in (*OF_ALL, *OF_EACH) if name not in rows.columns]
    if missing or not contact:
        lacks = missing[0] if missing else " or ".join(CONTACTS)
        raise DataError(f"{path}: column {lacks!r} is missing, must be the CSV of a checklist")
    if not rows.height:
        raise DataError(f"{path}: has no rows, must name the contacts of an account")
    for name in OF_ALL:
        if rows[name].n_unique() != 1:
            raise DataError(f"{path}: {name} has {rows[name].n_unique()} values, must be one checklist")
    account_id, as_of, number = rows.select(OF_ALL).row(0)
    removed = rows.filter(decision="remove").select(*contact, *OF_EACH).sort(pl.all())
    return KeptChecklist(
        account_id=str(account_id),
        as_of=_day(as_of, path),
        checklist_hash=str(number),
        removed_hash=sha256(removed.write_csv().encode()).hexdigest(),
        removed=removed.height,
        removed_by_reason=_by_reason(removed),
        is_remedy=_is_remedy(rows),
    )


def refuse_other(kept: KeptChecklist, path: Path, /, *, account_id: str, first: date, last: date) -> None:
    """Raise `DataError` for a checklist of another account, or of a day outside of these."""
    if pl.select(defused(pl.lit(account_id))).item() != kept.account_id:
        raise DataError(f"{path}: is the checklist of {kept.account_id}, must be that of {account_id}")
    if not first <= kept.as_of <= last:
        raise DataError(f"{path}: is the checklist of {kept.as_of}, must be of a day from {first} to {last}")


def _by_reason(removed: pl.DataFrame) -> dict[str, int]:
    """How many contacts have each reason for removal, the most frequent first; some have several."""
    reasons = removed.select(reason=pl.col("reasons").str.split(SEPARATOR)).explode("reason")
    counted = reasons.filter(pl.col("reason").is_in(codes_of("remove"))).group_by("reason").len()
    return dict(counted.sort("len", "reason", descending=[True, False]).iter_rows())


def _is_remedy(rows: pl.DataFrame) -> bool:
    suppressed = [reason.code for reason in REASONS.values() if reason.is_already_suppressed]
    reasons = pl.col("reasons").fill_null("").str.split(SEPARATOR)
    gets_mail = ~pl.any_horizontal(reasons.list.contains(code) for code in suppressed)
    return bool(rows.select((gets_mail & (pl.col("decision") != "keep")).any()).item())


def _day(text: str | None, path: Path) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        raise DataError(f"{path}: as_of == {text!r}, must be a day like 2026-06-30") from None
