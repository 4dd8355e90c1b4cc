"""What a page is made from: one account's case, or the portfolio, whoever gathered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import polars as pl


class Origin(Protocol):
    """Where what a page shows comes from."""

    @property
    def is_simulated(self) -> bool:
        """Whether stages come from a simulation and not from what was really done."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the figures are made up."""


class Facts(Origin, Protocol):
    """What every page on health says of itself."""

    @property
    def as_of(self) -> date:
        """The day to look back from."""

    @property
    def policy_title(self) -> str:
        """The policy whose stages are shown, with how many of its numbers are inferred."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know of the data."""

    @property
    def health(self) -> pl.DataFrame:
        """`schemas.Health`."""

    @property
    def scores(self) -> pl.DataFrame:
        """`schemas.Scores`."""

    @property
    def advice(self) -> pl.DataFrame:
        """`schemas.Recommendations`."""


class Case(Facts, Protocol):
    """One account: where it stands, how well it does against whom, and what its contacts need."""

    @property
    def language(self) -> str:
        """The language of its pages."""

    @property
    def account(self) -> Mapping[str, Any]:
        """The account's row of `schemas.Accounts`."""

    @property
    def stage(self) -> Mapping[str, Any]:
        """stage; unless good also entered_on, next_stage, next_on, warnings_left, lifts_by_review."""

    @property
    def trends(self) -> pl.DataFrame:
        """`schemas.Trends`."""

    @property
    def months(self) -> pl.DataFrame:
        """`Months` of the health area: the last whole month beside the one before, a row a metric."""

    @property
    def sensitivity(self) -> pl.DataFrame:
        """`Sensitivity` of the health area: metric, choice, setting, grade, a row a choice."""

    @property
    def decisions(self) -> pl.DataFrame:
        """`schemas.ContactDecisions`."""

    @property
    def told(self) -> pl.DataFrame:
        """The same with evidence in the language of the page."""

    @property
    def masked_decisions(self) -> pl.DataFrame:
        """What is told with addresses that show no more than a letter and the domain."""

    @property
    def groups(self) -> pl.DataFrame:
        """section, reason, words, decision, contacts, share, is_already_suppressed, a row a reason."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """What the decisions add up to; is_remedy is false where only the suppressed would go."""

    @property
    def removals(self) -> pl.DataFrame:
        """removed, metric, contacts, events, trials, rate, rate_without: a row a group and metric."""

    @property
    def segments(self) -> pl.DataFrame:
        """by, value, contacts, events, trials, share of the excess of the account's worst rate."""

    @property
    def window(self) -> tuple[date, date]:
        """The first and last send day that removals and segments are about."""

    @property
    def steps(self) -> Sequence[Any]:
        """The steps of a contact review in order: title, paragraphs, points, sections, and two flags.

        `is_attestation` is where it is signed, `is_outlook` where it says what comes next.
        """

    @property
    def attestation(self) -> str:
        """The words that are confirmed at the end of a review."""

    @property
    def checklist_hash(self) -> str:
        """What ties a completed review to the list that was reviewed."""

    @property
    def has_contacts(self) -> bool:
        """Whether there is a contact list to decide on."""


class Portfolio(Facts, Protocol):
    """All accounts on one day."""

    @property
    def accounts(self) -> pl.DataFrame:
        """`schemas.Accounts`."""

    @property
    def stages(self) -> pl.DataFrame:
        """One row an account that is in a stage; the columns of `Case.stage` and account_id."""

    @property
    def since(self) -> date:
        """The earlier day that `as_of` is compared with."""

    @property
    def scores_then(self) -> pl.DataFrame:
        """`schemas.Scores` of that day."""

    @property
    def stages_then(self) -> pl.DataFrame:
        """account_id, stage: whoever was in a stage on that day."""

    @property
    def fairness(self) -> pl.DataFrame:
        """`Fairness` of the policy area: how often accounts of each group are in a stage, by how they are."""

    @property
    def timeline(self) -> pl.DataFrame:
        """day, stage, accounts: how many accounts were in each stage on each of the days before."""

    @property
    def funnel(self) -> pl.DataFrame:
        """`FunnelPositions` of the health area: account_id, metric, expected, events, ratio, position."""

    @property
    def funnel_limits(self) -> pl.DataFrame:
        """`FunnelLimits` of the health area: metric, limits, confidence, expected, low, high."""

    @property
    def looks(self) -> pl.DataFrame:
        """`Looks` of the health area: account_id, metric, expected_excess, harm, due_on, most harm first."""


class Explained(Protocol):
    """Why accounts stand where they do under a policy."""

    @property
    def policy_title(self) -> str:
        """The policy, with how many of its numbers are inferred."""

    @property
    def scenario_name(self) -> str:
        """What was assumed of accounts."""

    @property
    def stages(self) -> Sequence[str]:
        """The policy's stages, mildest first."""

    @property
    def ways_back(self) -> pl.DataFrame:
        """`WayBack` of the policy area: one row an account."""

    @property
    def steps(self) -> pl.DataFrame:
        """`Steps` of the policy area: account_id, day, from_stage, to_stage, cause, sentence."""

    @property
    def days(self) -> pl.DataFrame:
        """`Diary` of the policy area: account_id, day, stage, is_reviewed, sent_sent, sent_held."""

    @property
    def readings(self) -> pl.DataFrame:
        """`Readings` of the policy area: account_id, rule, day, rate, limit, evidence, is_breached."""

    @property
    def headroom(self) -> pl.DataFrame:
        """`Headroom` of the policy area: account_id, rule, sentence."""
