"""What pages on policies are made from: one policy replayed, or two compared, whoever gathered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deliverlab.reports.inputs import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl


class Assumed(Origin, Protocol):
    """What every page on a policy says of itself."""

    @property
    def as_of(self) -> date:
        """The last day that was simulated."""

    @property
    def scenario_name(self) -> str:
        """What is assumed of accounts."""

    @property
    def identified(self) -> str:
        """How far history can answer, in a sentence."""

    @property
    def accounts(self) -> pl.DataFrame:
        """`schemas.Accounts`, everybody's."""


class Replay(Assumed, Protocol):
    """One policy replayed over a history."""

    @property
    def policy_title(self) -> str:
        """The policy, with how many of its numbers are inferred."""

    @property
    def stages(self) -> Sequence[str]:
        """The policy's stages, mildest first."""

    @property
    def evaluation(self) -> pl.DataFrame:
        """`Evaluation` of the policy area: everybody's rows, then those by industry and by band."""

    @property
    def timeline(self) -> pl.DataFrame:
        """day, stage, accounts: how many accounts are in each stage on each day."""

    @property
    def steps(self) -> pl.DataFrame:
        """`Steps` of the policy area, the newest first."""

    @property
    def account_id(self) -> str:
        """The account whose days are shown as an example."""


class Compared(Protocol):
    """Two policies compared, as tables."""

    @property
    def swap_set(self) -> pl.DataFrame:
        """`SwapSet`: outcome, champion, challenger, accounts, clean, abusive, unknown, harm."""

    @property
    def differences(self) -> pl.DataFrame:
        """`Differences` of everybody: measure, words, unit, champion, challenger, figure, low, high."""

    @property
    def groups(self) -> pl.DataFrame:
        """The same by industry and band."""

    def below_the_line(self, n: int, *, seed: int = 0) -> pl.DataFrame:
        """`Near`: at most `n` accounts that the challenger just does not notice."""


class Contest(Assumed, Protocol):
    """Champion and challenger on one history."""

    @property
    def names(self) -> tuple[str, str]:
        """What to call champion and challenger."""

    @property
    def titles(self) -> tuple[str, str]:
        """The same with how many of their numbers are inferred."""

    @property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each, the most important first."""

    @property
    def comparison(self) -> Compared:
        """`Comparison` of the policy area."""

    @property
    def newly_noticed(self) -> pl.DataFrame:
        """Whom only the challenger gives a notice: name, day, sentence; the most harmful first."""

    @property
    def newly_spared(self) -> pl.DataFrame:
        """Whom only the champion gives a notice, likewise."""

    @property
    def changes(self) -> Sequence[str]:
        """How the challenger's text differs from the champion's, in words."""

    @property
    def shelf(self) -> pl.DataFrame:
        """`Rulebooks` of the policy area: the history under every preset."""


class Tuned(Assumed, Protocol):
    """A search over the numbers of a policy."""

    @property
    def policy_title(self) -> str:
        """The policy in force, with how many of its numbers are inferred."""

    @property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each, what to change first."""

    @property
    def changes(self) -> Sequence[str]:
        """How the policy to take differs from the one in force."""

    @property
    def is_found(self) -> bool:
        """Whether there is a policy to take."""

    @property
    def is_split(self) -> bool:
        """Whether the days that judge are not those that were searched."""

    @property
    def chosen(self) -> int | None:
        """The place of the policy to take."""

    @property
    def aims(self) -> Sequence[tuple[str, str]]:
        """Each objective, and whether most or least of it is wanted."""

    @property
    def keys(self) -> Mapping[str, str]:
        """The numbers that vary, as columns are called, and in words."""

    @property
    def rows(self) -> pl.DataFrame:
        """policy, the keys, the measures, is_allowed, is_on_front, refused: every policy tried."""

    @property
    def champion_row(self) -> pl.DataFrame:
        """The measures of the policy in force."""

    @property
    def presets(self) -> pl.DataFrame:
        """Name and the measures of the policies that come with the package."""

    @property
    def finalists(self) -> pl.DataFrame:
        """The best, with low, high, picked, worst_near and the measures on later days."""

    @property
    def sensitivity(self) -> pl.DataFrame:
        """key, value, the objectives, is_chosen."""

    @property
    def surface(self) -> pl.DataFrame:
        """Up to three keys, the objectives, is_allowed."""

    @property
    def seen_and_later(self) -> pl.DataFrame:
        """policy, seen, later, is_allowed."""

    @property
    def differences(self) -> pl.DataFrame:
        """`Differences` of everybody under both, on the days that judge."""

    @property
    def names(self) -> tuple[str, str]:
        """What to call the policy in force and the one to take."""
