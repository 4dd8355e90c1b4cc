"""How accounts are judged on a day: for one when it is asked for, or for all of a batch at once.

Most of what it takes to judge one account is the same for any number of them. A batch therefore judges all
its accounts together and keeps the tables in files; each of its reports reads the rows of its own account.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import polars as pl

from deliverlab.health.months import months
from deliverlab.health.sensitivity import sensitivity
from deliverlab.health.trends import trends
from deliverlab.language import ENGLISH, speaking
from deliverlab.pipeline.directory import open_history, read_table, refuse_nothing, scan_table
from deliverlab.pipeline.road import account_health, monthly_peers
from deliverlab.schemas import Accounts, Daily, Slices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from deliverlab.history import History

TableName = Literal["health", "scores", "advice", "trends", "months", "sensitivity"]
TREND_DAYS = 90


class Judgement(Protocol):
    """Who is judged how: the tables are those of `Case`."""

    def table(self, name: TableName, /) -> pl.DataFrame:
        """One of the tables, with the rows of the accounts that are judged."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The judgement of some accounts of a data directory; a table is made when it is asked for."""

    data: str
    account_ids: Sequence[str]
    as_of: date
    language: str = ENGLISH

    def table(self, name: TableName, /) -> pl.DataFrame:
        """The table, computed; advice is in the language."""
        match name:
            case "health" | "scores" | "advice":
                return dict(zip(("health", "scores", "advice"), self._health, strict=True))[name]
            case "trends":
                return trends(self._history, until=self.as_of, days=TREND_DAYS).collect()
            case "months":
                return months(self._history, as_of=self.as_of)
            case "sensitivity":
                return sensitivity(
                    self._family, account_ids=self.account_ids, as_of=self.as_of, slices=self._slices,
                    all_daily=scan_table(self.data, Daily), all_slices=scan_table(self.data, Slices),
                )  # fmt: skip

    @cached_property
    def _health(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        with speaking(self.language):
            return account_health(self._history, as_of=self.as_of, slices=self._slices)

    @cached_property
    def _slices(self) -> pl.DataFrame:
        return read_table(self.data, Slices, account_ids=self.account_ids)

    @cached_property
    def _history(self) -> History:
        return self._family.select(self.account_ids)

    @cached_property
    def _family(self) -> History:
        """The accounts and their families with everybody's peer rates; nobody else's rows are read."""
        refuse_nothing(self.data)
        accounts = read_table(self.data, Accounts).with_columns(family=pl.coalesce("parent_id", "account_id"))
        ours = accounts.filter(pl.col("account_id").is_in(self.account_ids))
        related = accounts.join(ours, on="family", how="semi")["account_id"]
        history = open_history(self.data, account_ids=related)
        return (
            history if history.peer_rates is not None else history.with_peer_rates(monthly_peers(self.data))
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was `asked` about one account, read from the folder in which its batch has kept that of all."""

    asked: Judged
    folder: Path

    def table(self, name: TableName, /) -> pl.DataFrame:
        """The table's rows of the account."""
        return pl.scan_ipc(_file(self.folder, name)).filter(account_id=self.asked.account_ids[0]).collect()

    def use(self) -> None:
        """From now on, in this process, `judgement_of` this account is what was kept."""
        _IN_USE.set(self)


_IN_USE: ContextVar[Kept | None] = ContextVar("kept judgement", default=None)


def keep(judgement: Judgement, /, *, folder: Path) -> None:
    """Write all tables of a judgement into a folder, which is made."""
    folder.mkdir(parents=True)
    for name in get_args(TableName):
        judgement.table(name).write_ipc(_file(folder, name))


def judgement_of(data: str | Path, account_id: str, /, *, as_of: date, language: str) -> Judgement:
    """How an account is judged on a day: as its batch has kept it, else computed as it is asked for."""
    asked = Judged(data=str(Path(data).resolve()), account_ids=[account_id], as_of=as_of, language=language)
    kept = _IN_USE.get()
    return kept if kept and kept.asked == asked else asked


def _file(folder: Path, name: TableName) -> Path:
    return folder / f"{name}.arrow"
