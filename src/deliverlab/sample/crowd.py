"""Very many accounts, by daily counts alone: as many as a large provider has, a block at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from deliverlab.sample.accounts import make_account
from deliverlab.sample.plan import day_range, make_plan
from deliverlab.sample.register import accounts_table, enforcement_table, reviews_table, stories_table
from deliverlab.sample.traffic import make_daily
from deliverlab.sample.world import chance
from deliverlab.schemas import COUNTS, Daily

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import dataframely as dy

    from deliverlab.schemas import Accounts, Enforcement, Reviews

BLOCK = 1_000  # accounts held in memory at a time


class Block(NamedTuple):
    """Some accounts and all that is known of them, as in `world.World`."""

    accounts: dy.DataFrame[Accounts]
    daily: dy.DataFrame[Daily]
    reviews: dy.DataFrame[Reviews]
    enforcement: dy.DataFrame[Enforcement]
    stories: pl.DataFrame


def make_crowd(*, accounts: int, days: int, seed: int, last_day: date) -> Iterator[Block]:
    """The accounts of `world.make_world`, in order of their number: the same who, stories and plans.

    Their mail is counted by day and nothing else, so the counts are other draws of the same chances. An
    account is the same whatever the number of accounts.
    """
    calendar = day_range(days=days, last_day=last_day)
    for first in range(1, accounts + 1, BLOCK):
        cast, counted = [], []
        for number in range(first, min(first + BLOCK, accounts + 1)):
            rng = chance(seed, number)
            account = make_account(number, rng=rng, first_day=calendar[0], last_day=last_day)
            cast.append(account)
            counted.append(make_daily(make_plan(account, rng=rng, days=calendar), rng=rng))
        yield Block(
            accounts=accounts_table(cast),
            daily=daily_table([account.account_id for account in cast], calendar, counted),
            reviews=reviews_table(cast, last_day=last_day),
            enforcement=enforcement_table(cast, last_day=last_day),
            stories=stories_table(cast, last_day=last_day),
        )


def daily_table(
    account_ids: list[str],
    days: list[date],
    counted: list[dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]],
) -> dy.DataFrame[Daily]:
    """One row an account and day with mail."""
    counts = {name: np.stack([each[name] for each in counted]) for name in COUNTS}
    account, day = np.nonzero(counts["sent"])
    return Daily.cast(
        pl.DataFrame(
            {
                "account_id": pl.Series(account_ids).gather(pl.Series(account)),
                "day": pl.Series(days).gather(pl.Series(day)),
            }
            | {name: count[account, day] for name, count in counts.items()}
        )
    )
