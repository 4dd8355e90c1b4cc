"""The page of two policies on one history: which does better, who is treated otherwise, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.reports import numbers
from deliverlab.reports.account_page import notices
from deliverlab.reports.figure_tables import below_table, differences_table, shelf_table
from deliverlab.reports.fragments import fragment

if TYPE_CHECKING:
    from deliverlab.reports.policy_inputs import Contest
    from deliverlab.reports.render import Chart, Html

ACCOUNTS_SHOWN = 8


def comparison_answer(contest: Contest, /) -> Html:
    """The answer: what the challenger does more or less of, and what that rests on."""
    champion, challenger = contest.titles
    lead, *rest = contest.sentences
    facts = [f"Champion: {champion}", f"Challenger: {challenger}", f"To {numbers.day(contest.as_of)}"]
    return fragment(
        "replay", words=" ".join([lead, *rest]), kicker="Policy comparison", headline=lead.rstrip("."),
        facts=facts, tiles={}, notices=notices(contest), paragraphs=[" ".join(rest)],
    )  # fmt: skip


def swap_set(contest: Contest, /) -> Html:
    """Two by two: to whom both, one of them or neither gave a notice, and what these accounts are."""
    rows = contest.comparison.swap_set.filter(pl.col("outcome") == "noticed").rows(named=True)
    cells = {(row["champion"], row["challenger"]): row for row in rows}
    words = "; ".join(f"{_swap_words(*cell)}: {row['accounts']}" for cell, row in cells.items())
    return fragment("swap_set", words=words, cells=cells)


def differences(contest: Contest, /) -> Html:
    """Every measure under both, and how far apart they are."""
    champion, challenger = contest.names
    return differences_table(contest.comparison.differences, champion=champion, challenger=challenger)


def winners_and_losers(contest: Contest, /) -> Chart:
    """Which industries and volume bands are noticed more, and which less."""
    from deliverlab.reports.policy_charts import plot_winners_and_losers

    swapped = contest.comparison.groups.filter(
        pl.col("measure").cast(pl.String).is_in(["newly_noticed", "newly_spared"])
    )
    cells = swapped.select("industry", "band", pl.col("measure").cast(pl.String), "figure").pivot(
        "measure", index=["industry", "band"], values="figure"
    )
    return plot_winners_and_losers(cells.with_columns(pl.col("newly_noticed", "newly_spared").fill_null(0)))


def newly_noticed(contest: Contest, /, *, length: int = ACCOUNTS_SHOWN) -> Html:
    """Whom only the challenger gives a notice, and why; the most harmful first."""
    return _told(contest.newly_noticed, length)


def newly_spared(contest: Contest, /, *, length: int = ACCOUNTS_SHOWN) -> Html:
    """Whom only the champion gives a notice, and why; the most harmful first."""
    return _told(contest.newly_spared, length)


def below_the_line(contest: Contest, /, *, length: int = ACCOUNTS_SHOWN, seed: int = 0) -> Html:
    """Accounts that the challenger just does not notice: a sample of all kinds, to review by hand."""
    return below_table(contest.comparison.below_the_line(length, seed=seed), names=contest.accounts)


def what_changes(contest: Contest, /) -> Html:
    """How the challenger's text differs from the champion's."""
    said = list(contest.changes) or ["The two policies say the same."]
    return fragment("said", words="; ".join(said), paragraphs=[], points=said)


def shelf(contest: Contest, /) -> Html:
    """The same history under every preset."""
    return shelf_table(contest.shelf)


def _told(swapped: pl.DataFrame, length: int) -> Html:
    return fragment(
        "told", words=f"{numbers.counted(swapped.height, 'account')}",
        rows=swapped.head(length).rows(named=True), more=max(0, swapped.height - length),
    )  # fmt: skip


def _swap_words(champion: bool, challenger: bool) -> str:  # noqa: FBT001  the key of a cell
    who = {(True, True): "both", (True, False): "only the champion", (False, True): "only the challenger"}
    return who.get((champion, challenger), "neither")
