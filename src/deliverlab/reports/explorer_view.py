"""What the explorer shows of one position of its sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from deliverlab.reports.render import Chart, Html

NAMED = 8  # accounts told by name
DAYS_DRAWN = 120  # of a long history not each: a picture must follow the hand
AVERTED, HELD = "harm_averted_share", "good_mail_blocked_share"


class Moment(NamedTuple):
    """What the policy under the hand comes to, beside the one in force."""

    now: Mapping[str, Any]
    before: Mapping[str, Any]
    trail: Sequence[tuple[float | None, float | None]]  # good mail held and harm averted, the newest last
    stages: Sequence[str]
    by_day: pl.DataFrame  # day and a column a stage: accounts
    newly: pl.DataFrame  # accounts that only the policy under the hand notices
    spared: pl.DataFrame  # those that only the one in force does
    groups: pl.DataFrame  # industry, band, noticed, noticed_now


def summary(moment: Moment, /) -> Html:
    """The position in a line: what is averted and held, whom it notices, and what that was before."""
    now, before = moment.now, moment.before
    said = [
        f"Harm averted {_share(now, AVERTED)} (in force {_share(before, AVERTED)})",
        f"good mail held {_share(now, HELD)} ({_share(before, HELD)})",
        f"{numbers.counted(round(now['noticed']), 'account')} noticed ({round(before['noticed'])})",
        f"{round(now['blocked'])} stopped ({round(before['blocked'])})",
        f"{now['reviews_a_day_mean']:.1f} reviews a day ({before['reviews_a_day_mean']:.1f})",
    ]
    words = "; ".join(said) + "."
    return fragment("said", words=words, paragraphs=[words])


def refused(words: str, /) -> Html:
    """Why there is no policy at this position."""
    return fragment("said", words=words, paragraphs=[words])


def stages(moment: Moment, /) -> Chart:
    """Accounts by stage over time."""
    from deliverlab.reports.charts import plot_stages

    thin = moment.by_day.gather_every(max(1, moment.by_day.height // DAYS_DRAWN))
    timeline = thin.unpivot(list(moment.stages), index="day", variable_name="stage", value_name="accounts")
    return plot_stages(timeline, stages=moment.stages)


def harm_and_mail(moment: Moment, /) -> Chart:
    """Harm averted against good mail held: the policy in force, the one under the hand, where it has been."""
    from deliverlab.reports.tuning_charts import BEEN, HAND, IN_FORCE, plot_front

    rows = [(BEEN.words, BEEN.words, *place) for place in moment.trail[:-1]]
    for kind, figures in ((IN_FORCE, moment.before), (HAND, moment.now)):
        rows.append((kind.words, kind.words, figures[HELD], figures[AVERTED]))
    kinds = {"policy": pl.String, "kind": pl.String, "across": pl.Float64, "up": pl.Float64}
    policies = pl.DataFrame(rows, schema=kinds, orient="row").drop_nulls(["across", "up"])
    return plot_front(
        policies,
        across="good mail held",
        up="harm averted",
        subtitle="shares of all harm and of all good mail",
    )


def whom(moment: Moment, /) -> Chart:
    """Who is noticed anew and who is spared, by industry and volume band."""
    from deliverlab.reports.policy_charts import plot_winners_and_losers

    change = pl.col("noticed_now") - pl.col("noticed")
    cells = moment.groups.with_columns(
        newly_noticed=pl.max_horizontal(change, 0), newly_spared=pl.max_horizontal(-change, 0)
    ).filter((pl.col("noticed") > 0) | (pl.col("noticed_now") > 0))
    return plot_winners_and_losers(cells.select("industry", "band", "newly_noticed", "newly_spared"))


def newly_noticed(moment: Moment, /) -> Html:
    """The names of some whom only the policy under the hand notices, and how many are spared."""
    name = pl.coalesce("name", "account_id")
    names = moment.newly.select(name).to_series().head(NAMED).to_list()
    more = moment.newly.height - len(names)
    others = f" and {more} more" if more else ""
    said = [f"Noticed anew: {', '.join(names) or 'nobody'}{others}.", f"Spared: {moment.spared.height}."]
    return fragment("said", words=" ".join(said), paragraphs=said)


VIEWS: tuple[Callable[[Moment], Chart | Html], ...] = (stages, harm_and_mail, whom, newly_noticed)


def _share(figures: Mapping[str, Any], name: str) -> str:
    return "unknown" if figures[name] is None else f"{figures[name]:.1%}"
