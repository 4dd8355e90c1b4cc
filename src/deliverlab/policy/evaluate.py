"""What a simulation comes to: harm averted, good mail blocked, who is touched, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.admission import Table
from deliverlab.errors import DataError
from deliverlab.policy.contributions import contributions
from deliverlab.policy.identified import is_bound
from deliverlab.policy.measures import MEASURES, UNITS
from deliverlab.policy.resample import resample
from deliverlab.policy.sums import Ledger
from deliverlab.schemas import BANDS, LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deliverlab.policy.formulas import Figures
    from deliverlab.policy.measures import Measure
    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.sums import Floats, Sums

GROUPINGS = ("industry", "band", "label")
RESAMPLES = 1000
TAIL = 0.025  # beyond each end of an interval
DAYS = ("identified_days", "sending_days")
MOST_SILENT = 0.05  # the share of resamples that may have no figure, before there is no interval


class Evaluation(Table):
    """A figure and its interval, a row a group, measure and thing it is about; null groups are everybody.

    Where it `is_bound`, too little was observed: there is no figure, and `low` and `high` are bounds.
    """

    industry = dy.String(nullable=True)
    band = dy.Enum(BANDS, nullable=True)
    label = dy.Enum(LABELS, nullable=True)
    measure = dy.String()
    about = dy.String(nullable=True)
    words = dy.String()
    unit = dy.Enum(UNITS)
    figure = dy.Float64(nullable=True)
    low = dy.Float64(nullable=True)
    high = dy.Float64(nullable=True)
    accounts = dy.Int64(min=0)
    is_bound = dy.Bool()
    depends_on = dy.String()


class Group(NamedTuple):
    """Some accounts, by what they have in common, under each of the policies compared; and all accounts."""

    key: dict[str, str]
    sums: tuple[Sums, ...]
    whole: tuple[Sums, ...]

    def with_unseen(self) -> Group:
        """The same, had accounts mailed on through their real blocks."""
        return self._replace(
            sums=tuple(sums.with_unseen() for sums in self.sums),
            whole=tuple(sums.with_unseen() for sums in self.whole),
        )


class Estimate(NamedTuple):
    """A figure and where it may lie; null where it cannot be said."""

    figure: float | None
    low: float | None
    high: float | None


def evaluate(
    result: Simulation,
    *,
    by: str | Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dy.DataFrame[Evaluation]:
    """What a simulation comes to, by every measure and for every group of accounts, with 95% intervals.

    `by` is "industry", "band", "label", or several of them; left out: everybody in scope as one group.

    What someone could dispute:

    - Harm is excess: events in mail beyond what peers would have had, later ones too, in complaints
      (`metrics.HARM`). `harm_averted` is that of the mail held, as it really came; an account that does
      better than its peers takes away from it. Beside it stands what one would have reckoned from the rate on
      the day of the notice (`naive_harm_averted`, to compare with `noticed_harm_averted`: both are of the
      metric that was noticed only). It is more where accounts, noticed on their worst days, come back by
      themselves, and less where they go on to grow worse.
    - What accounts do in answer is the scenario's; its effect on mail is never counted as harm averted, but
      by itself (`harm_averted_by_reviews`). All shares are of history's harm and mail.
    - False-trip and detection rates are of labelled accounts only; without labels there is no such row. A
      group with fewer than 200 clean accounts is filled up to 200 with accounts that are noticed as often as
      all are.
    - Intervals say how much another draw of accounts of the same kinds would differ (see
      `policy.resample`): not what a bad week of all would do, nor an error in what is assumed.
    - Where fewer than nine in ten days of mail were observed there are bounds instead of figures: from no
      mail at all on days of a real block, to mail as before the block at the account's shrunken rates.
      What happened on the ladder is taken as simulated. A measure without such bounds is null.

    Raises `PolicyError` where the history holds no peer rates, `DataError` for another grouping.
    """
    rows = contributions(result).filter("is_in_scope")
    found = [
        said | estimate([figure for (figure,) in worlds], is_extreme=measure.is_extreme)._asdict()
        for group in groups([rows], by=by, resamples=resamples, seed=seed)
        for measure, said, worlds in figures(group, [result])
    ]
    return Evaluation.cast(pl.DataFrame(found, schema=Evaluation.create_empty().schema))


def groups(
    tables: Sequence[pl.DataFrame], *, by: str | Sequence[str] | None, resamples: int, seed: int
) -> Iterator[Group]:
    """The accounts by what they have in common; all `tables` are of the same accounts, drawn alike."""
    accounts, names = tables[0], _groupings(by)
    drawn = resample(accounts, resamples=resamples, seed=seed)
    everybody = np.full(len(accounts), fill_value=True)
    ledgers = [Ledger.of(table) for table in tables]
    whole = tuple(ledger.sums(everybody, drawn) for ledger in ledgers)
    if not names:
        yield Group({}, whole, whole)
        return
    for key in accounts.select(names).unique().sort(names).iter_rows(named=True):
        members = (
            accounts.select(
                pl.all_horizontal(pl.col(name).cast(pl.String) == value for name, value in key.items())
            )
            .to_series()
            .to_numpy()
        )
        yield Group(key, tuple(ledger.sums(members, drawn) for ledger in ledgers), whole)


def figures(
    group: Group, policies: Sequence[Simulation], *, measures: Sequence[Measure] = MEASURES
) -> Iterator[tuple[Measure, dict[str, object], list[tuple[Floats, ...]]]]:
    """What each measure says of a group: columns of `Evaluation`, and figures by world, policy and sample.

    There is one world, unless too little was observed: then there are two, in which accounts did not mail
    during real blocks, and did; or none where nothing can be told.
    """
    is_vague = any(is_bound(*(float(sums[name][0]) for name in DAYS)) for sums in group.sums)
    for measure in measures:
        accounts = max(round(float(sums[measure.rests_on][0])) for sums in group.sums)
        if measure.needs_labels and not accounts:
            continue
        seen = _by_policy(measure, group)
        worlds = [seen]
        if is_vague and measure.unseen == "bounds":
            worlds = [seen, _by_policy(measure, group.with_unseen())]
        elif is_vague and measure.unseen == "untold":
            worlds = []
        for about in _abouts(measure, seen, policies):
            nothing = np.full_like(group.sums[0]["accounts"], measure.unreached)
            said: dict[str, object] = {
                "measure": measure.name,
                "about": about,
                "words": measure.words,
                "unit": measure.unit,
                "accounts": accounts,
                "is_bound": is_vague and measure.unseen != "sure",
                "depends_on": measure.depends_on,
            }
            yield (
                measure,
                said | group.key,
                [tuple(found.get(about, nothing) for found in world) for world in worlds],
            )


def estimate(worlds: Sequence[Floats], *, is_extreme: bool = False) -> Estimate:
    """A figure with its interval; of two worlds their bounds, of none nothing.

    >>> estimate([np.array([5.0, 4.0, 6.0, 5.0])])
    Estimate(figure=5.0, low=4.05, high=5.95)
    """
    if not worlds:
        return Estimate(None, None, None)
    ends = np.array([_interval(world[1:]) if not is_extreme else (np.nan, np.nan) for world in worlds])
    figure = float(worlds[0][0]) if len(worlds) == 1 else np.nan
    return Estimate(*(_or_none(number) for number in (figure, ends[:, 0].min(), ends[:, 1].max())))


def _interval(samples: Floats) -> tuple[float, float]:
    """The middle 95% of the resamples; nothing where too many of them have no figure."""
    known = samples[~np.isnan(samples)]
    if len(known) < (1 - MOST_SILENT) * len(samples) or not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, (TAIL, 1 - TAIL))
    return float(low), float(high)


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _by_policy(measure: Measure, group: Group) -> list[Figures]:
    return [measure.figures(sums, whole) for sums, whole in zip(group.sums, group.whole, strict=True)]


def _abouts(
    measure: Measure, found: Sequence[Figures], policies: Sequence[Simulation]
) -> Iterable[str | None]:
    """What a measure is about, in order; of stages all, whoever reached them."""
    if measure.unreached is None:
        return dict.fromkeys(about for each in found for about in each)
    return dict.fromkeys(name for result in policies for name in result.policy.stage_names)


def _groupings(by: str | Sequence[str] | None) -> list[str]:
    names = [by] if isinstance(by, str) else list(by or ())
    for name in names:
        if name not in GROUPINGS:
            raise DataError(f"by: {name!r}, must be among {', '.join(GROUPINGS)}")
    return names
