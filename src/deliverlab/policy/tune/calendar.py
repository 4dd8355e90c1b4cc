"""The calendar of a search: the days that are searched, and those that judge what was found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from deliverlab.errors import PolicyError
from deliverlab.policy.toml import shown

if TYPE_CHECKING:
    from deliverlab.policy.tune.search import Search

DAY = timedelta(days=1)


class Block(NamedTuple):
    """Days of history, of which nothing later may be seen; without a first one, from the first mail."""

    until: date
    since: date | None = None


def blocks_of(search: Search, /, *, first_day: date, last_day: date) -> tuple[Block, Block]:
    """The days that are searched, and those that judge; without a split all days do both.

    Raises `PolicyError` where the split leaves no days of the history for one of them.
    """
    split = search.split
    if split is None:
        return Block(last_day), Block(last_day)
    embargo = split.embargo_days * DAY
    seen_until = split.validate_from - embargo - DAY
    judged_until = last_day if split.test_from is None else split.test_from - embargo - DAY
    if not first_day < seen_until or not split.validate_from < judged_until <= last_day:
        raise PolicyError(
            f"search {shown(search.name)}: split validate_from = {split.validate_from}, must leave days "
            f"before and after it: history is from {first_day} to {last_day}, "
            f"less an embargo of {split.embargo_days} days"
        )
    return Block(seen_until), Block(judged_until, split.validate_from)
