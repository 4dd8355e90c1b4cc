"""Two policies on one history: who is treated otherwise, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.admission import Table
from deliverlab.columns import exact_sum
from deliverlab.policy.below import Near, below_the_line
from deliverlab.policy.contributions import Contributions, contributions
from deliverlab.policy.evaluate import RESAMPLES, Evaluation, estimate, figures, groups
from deliverlab.policy.formulas import sum_of
from deliverlab.policy.measures import MEASURES, Measure
from deliverlab.policy.simulate import simulate
from deliverlab.policy.verdict import verdict
from deliverlab.schemas import BANDS, GOOD, LABELS, Transitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.simulate import Simulation

SWAPPED = (
    Measure(
        name="newly_noticed", words="accounts that only the challenger gives a notice", unit="accounts",
        figures=sum_of("newly_noticed"), rests_on="noticed",
    ),
    Measure(
        name="newly_spared", words="accounts that only the champion gives a notice", unit="accounts",
        figures=sum_of("newly_spared"), rests_on="noticed",
    ),
)  # fmt: skip
OF_GROUPS = ("noticed", "harm_averted", "good_mail_blocked")  # what makes winners and losers of groups


class SwapSet(Table):
    """Accounts by whether champion and challenger did a thing to them, with what came of these accounts."""

    outcome = dy.Enum(("noticed", "blocked"), primary_key=True)
    champion = dy.Bool(primary_key=True)
    challenger = dy.Bool(primary_key=True)
    accounts = dy.Int64(min=0)
    clean = dy.Int64(min=0)
    abusive = dy.Int64(min=0)
    unknown = dy.Int64(min=0)
    unseen = dy.Int64(min=0)
    mail = dy.Float64()
    harm = dy.Float64()
    champion_harm_averted = dy.Float64()
    challenger_harm_averted = dy.Float64()
    champion_good_mail_blocked = dy.Float64()
    challenger_good_mail_blocked = dy.Float64()


class Differences(Evaluation):
    """`figure` is the challenger's less the champion's; a notice only one of them gives counts by itself."""

    champion = dy.Float64(nullable=True)
    challenger = dy.Float64(nullable=True)


class Swapped(Transitions):
    """The first notice of accounts that only one of two policies gives one, and what these accounts are."""

    industry = dy.String()
    band = dy.Enum(BANDS)
    label = dy.Enum(LABELS)
    harm = dy.Float64()
    mail_held = dy.Float64()
    good_mail_held = dy.Float64()


@dataclass(frozen=True, kw_only=True, repr=False)
class Comparison:
    """Two policies on one history under one scenario; all of it is of the accounts in the scope of either."""

    champion: Simulation
    challenger: Simulation
    resamples: int
    seed: int

    def __repr__(self) -> str:
        """Both policies and the scenario in a line; the answer is `sentence`."""
        champion, challenger = (result.policy.title for result in self.policies)
        return f"Comparison({champion}, {challenger}, {self.champion.scenario.name})"

    @property
    def policies(self) -> tuple[Simulation, Simulation]:
        """Champion and challenger."""
        return self.champion, self.challenger

    @cached_property
    def contributions(self) -> tuple[dy.DataFrame[Contributions], dy.DataFrame[Contributions]]:
        """What each account adds under the champion and under the challenger; the same accounts in both."""
        champion, challenger = (contributions(result) for result in self.policies)
        is_in_scope = champion["is_in_scope"] | challenger["is_in_scope"]
        return (
            Contributions.cast(champion.filter(is_in_scope)),
            Contributions.cast(challenger.filter(is_in_scope)),
        )

    @cached_property
    def swap_set(self) -> dy.DataFrame[SwapSet]:
        """Two by two: to whom both, one of them or neither gave a notice; and whose mail they stopped.

        `unseen` are accounts with days of a real block on which one of the policies would have let them mail:
        these might stand in another cell.
        """
        every = pl.DataFrame({"champion": [True, True, False, False], "challenger": [True, False] * 2})
        return SwapSet.cast(
            pl.concat(
                every.join(
                    self._cells(outcome), on=["champion", "challenger"], how="left", maintain_order="left"
                ).with_columns(pl.selectors.numeric().fill_null(0), outcome=pl.lit(outcome))
                for outcome in ("noticed", "blocked")
            )
        )

    @cached_property
    def differences(self) -> dy.DataFrame[Differences]:
        """Every measure under both, and the difference with a 95% interval; see `evaluate`.

        Both policies see the same resamples of accounts, and the same luck of the scenario, so that what they
        have in common cancels.
        """
        return self._differences(by=None, measures=(*MEASURES, *SWAPPED))

    @cached_property
    def groups(self) -> dy.DataFrame[Differences]:
        """Winners and losers by industry and band: notices, harm averted and good mail blocked."""
        chosen = tuple(measure for measure in MEASURES if measure.name in OF_GROUPS)
        return self._differences(by=("industry", "band"), measures=(*chosen, *SWAPPED))

    @cached_property
    def newly_noticed(self) -> dy.DataFrame[Swapped]:
        """The accounts that only the challenger gives a notice, with its first; the most harmful first."""
        return self._swapped(self.challenger, self.contributions[1], than=self.contributions[0])

    @cached_property
    def newly_spared(self) -> dy.DataFrame[Swapped]:
        """The accounts that only the champion gives a notice, with its first; the most harmful first."""
        return self._swapped(self.champion, self.contributions[0], than=self.contributions[1])

    @cached_property
    def sentence(self) -> str:
        """The answer in a paragraph."""
        return " ".join(self.sentences)

    @cached_property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each, the most important first."""
        return verdict(self.differences, champion=self.champion, challenger=self.challenger)

    def below_the_line(self, n: int, *, seed: int = 0) -> dy.DataFrame[Near]:
        """Accounts that the challenger just does not notice, to review by hand; see `policy.below`."""
        return below_the_line(self.challenger, self.contributions[1], n=n, seed=seed)

    def _cells(self, outcome: str) -> pl.DataFrame:
        """The cells of the swap set with an account in them."""
        champion, challenger = (
            table.select(
                pl.col("first_notice_on").is_not_null() if outcome == "noticed" else pl.col("is_blocked")
            ).to_series()
            for table in self.contributions
        )
        theirs, ours = self.contributions
        label, let_through = pl.col("label"), pl.col("unseen_mail") > pl.col("unseen_mail_held")
        is_unseen = theirs.select(let_through).to_series() | ours.select(let_through).to_series()
        held = {
            f"{who}_{name}": table[column]
            for who, table in (("champion", theirs), ("challenger", ours))
            for name, column in (("harm_averted", "harm_held"), ("good_mail_blocked", "good_mail_held"))
        }
        return (
            theirs.with_columns(champion=champion, challenger=challenger, unseen=is_unseen, **held)
            .group_by("champion", "challenger", maintain_order=True)
            .agg(
                pl.len().alias("accounts"),
                *((label == name).sum().alias(name) for name in LABELS),
                pl.col("unseen").sum(),
                exact_sum(pl.col("mail", "harm", *held)),
            )
        )

    def _differences(
        self, *, by: Sequence[str] | None, measures: Sequence[Measure]
    ) -> dy.DataFrame[Differences]:
        theirs, ours = (table["first_notice_on"].is_not_null() for table in self.contributions)
        nobody = pl.Series([0]).new_from_index(0, len(theirs))
        tables = [
            table.with_columns(newly_noticed=newly_noticed, newly_spared=newly_spared)
            for table, newly_noticed, newly_spared in (
                (self.contributions[0], nobody, nobody),
                (self.contributions[1], (ours & ~theirs).cast(int), (theirs & ~ours).cast(int)),
            )
        ]
        found = [
            said
            | estimate([challenger - champion for champion, challenger in worlds])._asdict()
            | {
                who: estimate([world[place] for world in worlds]).figure
                for place, who in enumerate(("champion", "challenger"))
            }
            for group in groups(tables, by=by, resamples=self.resamples, seed=self.seed)
            for _, said, worlds in figures(group, self.policies, measures=measures)
        ]
        return Differences.cast(pl.DataFrame(found, schema=Differences.create_empty().schema))

    def _swapped(
        self, result: Simulation, mine: pl.DataFrame, *, than: pl.DataFrame
    ) -> dy.DataFrame[Swapped]:
        is_spared = than["first_notice_on"].is_null()
        notices = result.transitions.filter(pl.col("to_stage") != GOOD).sort("account_id", "day")
        return Swapped.cast(
            notices.unique("account_id", keep="first", maintain_order=True)
            .join(mine.filter(is_spared), on="account_id")
            .sort(["harm", "account_id"], descending=[True, False])
        )


def compare(
    history: History,
    *,
    champion: Policy,
    challenger: Policy,
    scenario: Scenario,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Champion and challenger on one history: swap set, differences, winners and losers, whom to look at.

    Both are replayed under the same scenario with the same luck, and judged by the same measures (`evaluate`)
    on the accounts in the scope of either; an account that one of them does not apply to is one it leaves
    alone. Nothing is reckoned before it is asked for.

    Raises `PolicyError` as `simulate` does, and where the history holds no peer rates.
    """
    return Comparison(
        champion=simulate(history, policy=champion, scenario=scenario),
        challenger=simulate(history, policy=challenger, scenario=scenario),
        resamples=resamples,
        seed=seed,
    )
