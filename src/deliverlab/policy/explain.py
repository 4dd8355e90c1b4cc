"""Why accounts stand where they do: steps with their numbers, the days between, the headroom to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.policy.diary import chosen, diary
from deliverlab.policy.display import explanation_bundle, explanation_text
from deliverlab.policy.forecast import HORIZON_DAYS, PRESENT_DAYS, first_breaches, forecast
from deliverlab.policy.headroom import headroom_of, metric_states, ways_back
from deliverlab.policy.steps import explain_steps

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import dataframely as dy

    from deliverlab.display import Bundle
    from deliverlab.policy.diary import Diary, Readings
    from deliverlab.policy.headroom import Headroom, MetricStates, WayBack
    from deliverlab.policy.simulate import Simulation
    from deliverlab.policy.steps import Steps
    from deliverlab.schemas import Transitions


@dataclass(frozen=True, kw_only=True, repr=False)
class Explanation:
    """Some accounts of a simulation, explained.

    `steps` are the transitions with what would have avoided them, each with a sentence; `days` and `readings`
    the diary: mail let through and held, and what every rule saw; `headroom` is how far each rule is from
    starting a stage, `metrics` the state of each metric, `ways_back` what accounts in a stage can expect;
    `ahead` the steps that follow if all goes on at the present rate; `stages` the policy's, mildest first.
    """

    steps: dy.DataFrame[Steps]
    days: dy.DataFrame[Diary]
    readings: dy.DataFrame[Readings]
    headroom: dy.DataFrame[Headroom]
    metrics: dy.DataFrame[MetricStates]
    ways_back: dy.DataFrame[WayBack]
    ahead: dy.DataFrame[Transitions]
    stages: tuple[str, ...]
    policy_title: str
    scenario_name: str
    horizon_days: int

    def __repr__(self) -> str:
        """Every account's stage, steps and headroom, a sentence a line."""
        return explanation_text(self)

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return explanation_bundle(self)


def explain(
    result: Simulation,
    account_id: str | Iterable[str] | None = None,
    /,
    *,
    since: date | None = None,
    horizon_days: int = HORIZON_DAYS,
    present_days: int = PRESENT_DAYS,
) -> Explanation:
    """Every step of an account (of several, or of all) with its numbers, and the headroom to the next.

    Accounts are walked again by the simulator itself, so that no number here is worked out a second time.
    The diary begins `since` that day; steps are those of the whole result.

    Headroom says what a rule would do with more bad events among the same mail. When that will be is what
    follows if the last `present_days` whose counts are known repeat for `horizon_days`: no prediction, and
    null where it does not happen in that time.

    Raises `DataError` where an account is not in the result, or a number of days is below 1.

    >>> import polars as pl
    >>> from datetime import date
    >>> from deliverlab.history import History
    >>> from deliverlab.policy.model import Policy
    >>> from deliverlab.policy.scenario import Scenario
    >>> from deliverlab.policy.simulate import simulate
    >>> from deliverlab.schemas import COUNTS
    >>> counts = {name: [0, 0] for name in COUNTS} | {"sent": [500, 0], "hard_bounces": [31, 0]}
    >>> days = {"account_id": ["a", "a"], "day": [date(2026, 5, 10), date(2026, 5, 12)]}
    >>> accounts = pl.DataFrame({"account_id": ["a"], "industry": ["Software"], "tier": ["free"]})
    >>> policy = Policy.preset("hubspot-like")
    >>> history = History(pl.DataFrame(days | counts), accounts)
    >>> result = simulate(history, policy=policy, scenario=Scenario.never())
    >>> print(explain(result, "a").steps["sentence"].item().split(";")[0])
    On 12 May 2026 your hard bounce rate of 10 May was 6.2% (31 of 500 mails sent), above the limit of 3%
    """
    ids = chosen(result, account_id)
    days, readings = diary(result, ids, since=since)
    _, last = diary(result, ids, since=result.until)
    ahead = forecast(result, ids, horizon_days=horizon_days, present_days=present_days)
    headroom = headroom_of(result, readings=last, breaches=first_breaches(ahead))
    standing = result.standing.filter(pl.col("account_id").is_in(ids.implode()))
    return Explanation(
        steps=explain_steps(result, ids),
        days=days,
        readings=readings,
        headroom=headroom,
        metrics=metric_states(headroom),
        ways_back=ways_back(standing, policy=result.policy),
        ahead=ahead.transitions,
        stages=result.policy.stage_names,
        policy_title=result.policy.title,
        scenario_name=result.scenario.name,
        horizon_days=horizon_days,
    )
