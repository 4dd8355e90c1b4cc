"""History: the validated tables that health and simulation need, checked once."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from deliverlab.admission import is_in_order
from deliverlab.errors import DataError
from deliverlab.schemas import COUNTS, UNKNOWN_INDUSTRY, Accounts, Daily, Enforcement, PeerRates, Reviews

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import dataframely as dy
    import numpy as np
    from numpy.typing import NDArray

KNOWN_WITHIN_DAYS = 2

Frame = pl.DataFrame | pl.LazyFrame


class Arrays(NamedTuple):
    """`daily` in the order of `accounts`: account i has the rows from offsets[i] to before offsets[i + 1]."""

    offsets: NDArray[np.int64]
    days: NDArray[np.int64]  # since 1970-01-01
    counts: NDArray[np.int64]  # [rows, len(COUNTS)]


class History:
    """What happened, checked: daily counts and accounts, and where given peer rates, reviews, enforcement.

    An account without an industry is in the group "unknown", and `notes` says so.
    `known_within_days` says after how many days the counts of a send day were taken.
    `until` is the last day of history: of the whole `daily`, before any account is selected. Where `daily` is
    part of one that lies elsewhere, `totals` are the counts of the whole, added up.

    Raises `DataError` where a table is not what it must be, or names an account that is not in `accounts`.

    >>> from datetime import date
    >>> from deliverlab.schemas import COUNTS
    >>> counts = {name: [0] for name in COUNTS}
    >>> daily = pl.DataFrame({"account_id": ["a"], "day": [date(2026, 5, 1)]} | counts)
    >>> History(daily, pl.DataFrame({"account_id": ["a"]})).notes
    ('1 account has no industry and is compared in the group "unknown"',)
    """

    def __init__(
        self,
        daily: Frame,
        accounts: Frame,
        *,
        peer_rates: Frame | None = None,
        reviews: Frame | None = None,
        enforcement: Frame | None = None,
        known_within_days: int = KNOWN_WITHIN_DAYS,
        until: date | None = None,
        totals: Mapping[str, int] | None = None,
    ) -> None:
        admitted = Daily.admit(daily, what="daily")
        self.daily: dy.DataFrame[Daily] = (
            admitted
            if is_in_order(admitted.select("account_id", "day"))  # as tables are written: no second copy
            else Daily.cast(admitted.sort("account_id", "day"))
        )
        given = Accounts.admit(accounts, what="accounts")
        self.accounts: dy.DataFrame[Accounts] = Accounts.cast(
            given.with_columns(pl.col("industry").fill_null(UNKNOWN_INDUSTRY)).sort("account_id")
        )
        self.peer_rates: dy.DataFrame[PeerRates] | None = (
            None if peer_rates is None else PeerRates.admit(peer_rates, what="peer_rates")
        )
        self.reviews: dy.DataFrame[Reviews] = _admit_or_empty(Reviews, reviews, what="reviews")
        self.enforcement: dy.DataFrame[Enforcement] = _admit_or_empty(
            Enforcement, enforcement, what="enforcement"
        )
        for what, table in (
            ("daily", self.daily), ("reviews", self.reviews), ("enforcement", self.enforcement)
        ):  # fmt: skip
            _refuse_strangers(table, self.accounts, what=what)
        self.known_within_days = known_within_days
        last_day = self.daily["day"].max()
        self.until: date | None = until or last_day  # type: ignore[assignment]
        self._totals = totals

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the data."""
        nameless = self.accounts.filter(industry=UNKNOWN_INDUSTRY).height
        if not nameless:
            return ()
        count, verb = ("1 account has", "is") if nameless == 1 else (f"{nameless} accounts have", "are")
        return (f'{count} no industry and {verb} compared in the group "unknown"',)

    @property
    def totals(self) -> Mapping[str, int]:
        """All counts, added up over accounts and days."""
        return self._totals or self.daily.select(pl.col(COUNTS).sum()).row(0, named=True)

    @cached_property
    def arrays(self) -> Arrays:
        """What a simulation walks, built once however many policies are tried on this history."""
        import numpy as np

        rows = self.accounts.join(
            self.daily.group_by("account_id").len(), on="account_id", how="left", maintain_order="left"
        )["len"].fill_null(0)
        counts = np.empty((self.daily.height, len(COUNTS)), np.int64)
        for place, name in enumerate(COUNTS):  # one column after another: no copy of all besides
            counts[:, place] = self.daily[name].to_numpy()
        return Arrays(
            offsets=np.concatenate([[0], rows.cast(pl.Int64).cum_sum().to_numpy()]).astype(np.int64),
            days=self.daily["day"].cast(pl.Int64).to_numpy(writable=True),
            counts=counts,
        )

    def select(self, account_ids: Iterable[str]) -> History:
        """The same history with these accounts only; `until` and the peer rates stay."""
        wanted = pl.col("account_id").is_in(list(account_ids))
        other = copy(self)  # some rows of tables that are checked: they need no check
        other.__dict__.pop("arrays", None)
        other.daily = Daily.cast(self.daily.filter(wanted))
        other.accounts = Accounts.cast(self.accounts.filter(wanted))
        other.reviews = Reviews.cast(self.reviews.filter(wanted))
        other.enforcement = Enforcement.cast(self.enforcement.filter(wanted))
        return other

    def known_on(self, day: date) -> History:
        """What was known in the evening of a day; peer rates are those that were valid by then.

        Of mail sent within the last `known_within_days` only the number was known: its outcomes are hidden,
        as 0. Labels, reviews and notices of later days are not there yet; a stage that ended later lasts.
        """
        is_open = pl.col("day") > pl.lit(day) - pl.duration(days=self.known_within_days)
        outcomes = [name for name in COUNTS if name != "sent"]
        peers = self.peer_rates
        known = self.with_tables(
            daily=self.daily.filter(pl.col("day") <= day).with_columns(
                pl.when(is_open).then(0).otherwise(pl.col(outcomes)).name.keep()
            ),
            accounts=self.accounts.with_columns(
                pl.when(pl.col("label_on") > day)
                .then(None)
                .otherwise(pl.col("label", "label_on"))
                .name.keep()
            ),
            reviews=self.reviews.filter(pl.col("reviewed_on") <= day),
            enforcement=self.enforcement.filter(pl.col("from_day").dt.offset_by("-1d") <= day).with_columns(
                to_day=pl.when(pl.col("to_day") <= day).then("to_day")
            ),
            until=day,
        )
        return (
            known if peers is None else known.with_peer_rates(peers.filter(pl.col("effective_from") <= day))
        )

    def by_parent(self) -> History:
        """The same history with each family as one account, under its parent's id.

        A family is a parent and the accounts that name it in `parent_id`; who names none is one by itself.
        Counts of a day are added up. The parent's own row in `accounts` speaks for all; where the parent is
        no account, that of the member with most mail does. One abusive member makes the family abusive.
        Reviews and enforcement are of members, and left out.
        """
        sent = self.daily.group_by("account_id").agg(pl.col("sent").sum())
        family = pl.coalesce("parent_id", "account_id")
        members = self.accounts.join(sent, on="account_id", how="left").with_columns(family=family)
        speaker = members.sort(
            pl.col("account_id") != pl.col("family"), -pl.col("sent").fill_null(0), "account_id"
        ).unique("family", keep="first", maintain_order=True)
        abusive = members.filter(label="abusive")["family"].unique()
        accounts = speaker.with_columns(
            account_id="family",
            parent_id=pl.lit(None, pl.String),
            label=pl.when(pl.col("family").is_in(abusive.implode()))
            .then(pl.lit("abusive"))
            .otherwise("label"),
        )
        daily = (
            self.daily.join(members.select("account_id", "family"), on="account_id")
            .group_by(account_id="family", day="day")
            .agg(pl.col(COUNTS).sum())
        )
        return History(
            daily, accounts,
            peer_rates=self.peer_rates, known_within_days=self.known_within_days, until=self.until,
        )  # fmt: skip

    def with_tables(
        self,
        *,
        daily: Frame | None = None,
        accounts: Frame | None = None,
        reviews: Frame | None = None,
        enforcement: Frame | None = None,
        until: date | None = None,
    ) -> History:
        """The same history with these tables in place of its own; they are checked, and peer rates stay."""
        return History(
            self.daily if daily is None else daily,
            self.accounts if accounts is None else accounts,
            peer_rates=self.peer_rates,
            reviews=self.reviews if reviews is None else reviews,
            enforcement=self.enforcement if enforcement is None else enforcement,
            known_within_days=self.known_within_days,
            until=until or self.until,
        )

    def with_peer_rates(self, peer_rates: Frame) -> History:
        """The same history, compared with these peers."""
        other = copy(self)
        other.peer_rates = PeerRates.admit(peer_rates, what="peer_rates")
        return other

    def with_reviews(self, reviews: Frame) -> History:
        """The same history with these contact reviews in place of its own."""
        other = copy(self)
        other.reviews = Reviews.admit(reviews, what="reviews")
        _refuse_strangers(other.reviews, self.accounts, what="reviews")
        return other


def _admit_or_empty(
    table: type[Reviews] | type[Enforcement], frame: Frame | None, *, what: str
) -> dy.DataFrame:  # type: ignore[type-arg]
    return table.create_empty() if frame is None else table.admit(frame, what=what)


def _refuse_strangers(table: pl.DataFrame, accounts: pl.DataFrame, *, what: str) -> None:
    strangers = table.select("account_id").unique().join(accounts, on="account_id", how="anti")
    if strangers.height:
        first = strangers["account_id"].min()
        raise DataError(f"{what}: account_id == {first!r}, must be in accounts ({strangers.height} are not)")
