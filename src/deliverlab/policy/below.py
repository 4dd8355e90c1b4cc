"""Below the line: accounts that a policy just does not notice, to review by hand whether it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.metrics import METRICS
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import BANDS, LABELS, Transitions

if TYPE_CHECKING:
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule
    from deliverlab.policy.simulate import Simulation

STEPS = (0.9, 0.8, 0.7, 0.6, 0.5)  # of every limit: how near an account came to it


class Near(Transitions):
    """An account below the line: the notice it would have got, had every limit been `nearness` of what it is.

    `inclusion_probability` is the chance that an account of its nearness and band is in the sample: one
    reviewed account stands for one over it.
    """

    nearness = dy.Float64(min=0.0, max=1.0)
    industry = dy.String()
    band = dy.Enum(BANDS)
    label = dy.Enum(LABELS)
    harm = dy.Float64()
    inclusion_probability = dy.Float64(min_exclusive=0.0, max=1.0)


def below_the_line(result: Simulation, rows: pl.DataFrame, *, n: int, seed: int) -> dy.DataFrame[Near]:
    """A sample of at most `n` accounts without a notice that would get one were every limit a bit stricter.

    How near an account came is asked of the ladder itself, by replaying the policy with all limits at 0.9,
    0.8 … 0.5 of what they are (those of metrics that are bad when low, divided by it): so least volumes,
    evidence, peers and memory count as they do in earnest. The largest such share is its `nearness`, and the
    notice is the one of that replay, with its limit.

    The sample is stratified by nearness and band, as many from each as from any other as long as they last,
    so that small accounts and the less near are seen too. Within a stratum chance decides, by `seed`.
    """
    near = _near(result, rows)
    strata = near.partition_by("nearness", "band", maintain_order=True)
    rng = np.random.default_rng(seed)
    sample = [
        stratum[np.sort(rng.permutation(len(stratum))[:size])].with_columns(
            inclusion_probability=size / len(stratum)
        )
        for stratum, size in zip(strata, _sizes([len(stratum) for stratum in strata], n), strict=True)
        if size
    ]
    return Near.cast(pl.concat(sample)) if sample else Near.create_empty()


def _near(result: Simulation, rows: pl.DataFrame) -> pl.DataFrame:
    """All accounts below the line, the nearest first."""
    left = rows.filter(pl.col("first_notice_on").is_null(), "is_in_scope")
    found = []
    for share in STEPS:
        replayed = simulate(
            result.history, policy=_stricter(result.policy, share), scenario=Scenario.never()
        )  # fmt: skip
        first = replayed.transitions.unique("account_id", keep="first", maintain_order=True)
        found.append(
            first.join(left, on="account_id").with_columns(nearness=pl.lit(share))
            .select(name for name in Near.column_names() if name != "inclusion_probability")
        )  # fmt: skip
        left = left.join(first, on="account_id", how="anti")
    return pl.concat(found).sort(["nearness", "band", "account_id"], descending=[True, False, False])


def _stricter(policy: Policy, share: float) -> Policy:
    """The policy with every limit at a share of what it is."""
    return policy.model_copy(update={"rules": tuple(_stricter_rule(rule, share) for rule in policy.rules)})


def _stricter_rule(rule: Rule, share: float) -> Rule:
    factor = share if METRICS[rule.metric].is_high_bad else 1 / share
    overrides = tuple(
        override.model_copy(update={"limit": override.limit * factor}) for override in rule.overrides
    )
    clean = None if rule.clean_limit is None else rule.clean_limit * factor
    return rule.model_copy(
        update={"limit": rule.limit * factor, "overrides": overrides, "clean_limit": clean}
    )


def _sizes(available: list[int], n: int) -> list[int]:
    """How many to take from each: one at a time from all that have some left, the first of them first."""
    sizes = [0] * len(available)
    while n > 0 and (open_ones := [i for i, most in enumerate(available) if sizes[i] < most]):
        for i in open_ones[:n]:
            sizes[i] += 1
        n -= min(n, len(open_ones))
    return sizes
