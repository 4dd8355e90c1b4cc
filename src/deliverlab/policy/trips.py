"""How probably a good account gets a notice within a year, by chance alone: rule by rule, band by band."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dataframely as dy
import numpy as np
import polars as pl

from deliverlab.admission import Table
from deliverlab.intervals import wilson
from deliverlab.metrics import BAND_DAYS
from deliverlab.policy.good import FIRST_DAY, good_history, is_known, mail, monthly_volumes, sending_days
from deliverlab.policy.scenario import Scenario
from deliverlab.policy.simulate import simulate
from deliverlab.schemas import BANDS, GOOD, PeerRates, Standing

if TYPE_CHECKING:
    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.rule import Rule

YEAR = 365
ACCOUNTS = 500  # a band: 2% of them are known to within 1.1% and 3.6%
STEP = 0.25  # how far above and below a minimum volume an account sends


class GoodTrips(Table):
    """Good accounts that got a notice within a year, one row a rule and band; `rule` is null for any rule."""

    rule = dy.String(nullable=True)
    band = dy.Enum(BANDS)
    accounts = dy.Int64(min=1)
    tripped = dy.Int64(min=0)
    share = dy.Float64(min=0.0, max=1.0)
    share_low = dy.Float64(min=0.0, max=1.0)
    share_high = dy.Float64(min=0.0, max=1.0)


class Cliffs(Table):
    """Good accounts that got a notice within a year, just below and just above a rule's `min_sent`."""

    rule = dy.String(primary_key=True)
    min_sent = dy.Float64()
    share_below = dy.Float64(min=0.0, max=1.0)
    share_above = dy.Float64(min=0.0, max=1.0)


def good_trips(
    policy: Policy, /, *, usual: dy.DataFrame[PeerRates], seed: int = 0, accounts: int = ACCOUNTS
) -> dy.DataFrame[GoodTrips]:
    """The share of good accounts that each rule, and any rule, gives a notice within a year.

    A good account has its peers' rates and no other; days differ as the peers' do. When its year begins it is
    in good standing, with mail behind it that fills every window of days up to a year; it answers nothing.
    What trips it is chance, and the chance of 365 overlapping windows is no product of single ones, so
    accounts are simulated: `accounts` in each band. Accounts that are not all alike, and days in bad runs,
    trip more often than these.

    `usual` holds one rate a group and metric; of a rule whose events it does not know, nothing is said. The
    tiers of the policy are left aside.
    """
    rng = np.random.default_rng(seed)
    band = np.repeat(np.arange(len(BANDS)), accounts)
    days = _run_in(policy) + YEAR
    sends = sending_days(rng, len(band), first=FIRST_DAY, days=days)
    sent = mail(rng, monthly_volumes(rng, band), sends)
    history = good_history(rng, sent, usual=usual, policy=policy)
    noticed = [
        _noticed(history, policy, rule).with_columns(rule=pl.lit(rule.name))
        for rule in policy.rules
        if is_known(rule, policy, usual)
    ]
    if not noticed:
        return GoodTrips.create_empty()
    # Until its first notice an account is the same under all rules as under each alone.
    any_rule = (
        pl.concat(noticed)
        .group_by("account_id")
        .agg(pl.col("is_noticed").any(), rule=pl.lit(None, pl.String))
    )
    bands = history.accounts.select("account_id", band=pl.Series(band)).with_columns(
        pl.col("band").replace_strict(dict(enumerate(BANDS)), return_dtype=pl.Enum(BANDS))
    )
    return GoodTrips.cast(
        pl.concat([*noticed, any_rule.select(noticed[0].columns)])
        .join(bands, on="account_id")
        .group_by("rule", "band", maintain_order=True)
        .agg(accounts=pl.len(), tripped=pl.col("is_noticed").sum(), share=pl.col("is_noticed").mean())
        .with_columns(bounds=wilson(pl.col("tripped"), pl.col("accounts")))
        .with_columns(
            share_low=pl.col("bounds").struct.field("low"), share_high=pl.col("bounds").struct.field("high")
        )
        .sort(
            pl.col("rule").replace_strict({r.name: i for i, r in enumerate(policy.rules)}, default=-1), "band"
        )
    )


def cliffs(
    policy: Policy, /, *, usual: dy.DataFrame[PeerRates], seed: int = 0, accounts: int = ACCOUNTS
) -> dy.DataFrame[Cliffs]:
    """What a good account gains by sending a little less than a rule's least mail: one row such a rule.

    Half of the accounts send, every day alike, a quarter less than `min_sent` in a window, the others a
    quarter more. Windows of so many mails have no such edge: every account fills them in the end.
    """
    edges: dict[tuple[float, int], list[Rule]] = {}
    for rule in policy.rules:
        span = policy.span_of(rule)
        if rule.min_sent and span.days is not None and is_known(rule, policy, usual):
            edges.setdefault((rule.min_sent, span.days), []).append(rule)
    is_below = np.arange(2 * accounts) < accounts
    rows = []
    for (least, days), rules in edges.items():
        rng = np.random.default_rng(seed)
        mean_sent = least / days * np.where(is_below, 1 - STEP, 1 + STEP)
        sent = rng.poisson(mean_sent[:, None] * np.ones(_run_in(policy) + YEAR))
        history = good_history(rng, sent, usual=usual, policy=policy)
        for rule in rules:
            noticed = _noticed(history, policy, rule).sort("account_id")["is_noticed"].to_numpy()
            rows.append((rule.name, least, noticed[is_below].mean(), noticed[~is_below].mean()))
    return Cliffs.cast(pl.DataFrame(rows, schema=Cliffs.create_empty().schema, orient="row"))


def _run_in(policy: Policy) -> int:
    """The days of mail behind an account when its year begins: what windows hold, up to a year."""
    spans = [policy.window, *(policy.span_of(rule) for rule in policy.rules)]
    return min(policy.window.lag_days + max(BAND_DAYS, *(span.days or 0 for span in spans)), YEAR)


def _noticed(history: History, policy: Policy, rule: Rule) -> pl.DataFrame:
    """Which accounts this rule alone gives a notice within their year."""
    alone = policy.model_copy(update={"rules": (rule,), "tiers": ()})
    result = simulate(
        history, policy=alone, scenario=Scenario.never(), start=_standing(history, days=_run_in(policy))
    )
    return result.outcomes.select("account_id", is_noticed=pl.col("first_notice_on").is_not_null())


def _standing(history: History, *, days: int) -> dy.DataFrame[Standing]:
    """All accounts in good standing, with so many days of mail behind them."""
    types = Standing.create_empty().schema
    as_of = FIRST_DAY + timedelta(days=days - 1)
    run = pl.struct(from_day=pl.lit(FIRST_DAY), send_share=pl.lit(1.0), has_effect=pl.lit(value=False))
    return Standing.cast(
        history.accounts.select(
            "account_id", as_of=pl.lit(as_of), stage=pl.lit(GOOD), entered_on=None, cleared_on=None,
            last_left=None, fresh_from=pl.lit(FIRST_DAY), clean_streak=0, notices=0, effect_from=None,
            reviews_due=pl.lit([], types["reviews_due"]), evidence=pl.lit([], types["evidence"]),
            runs=pl.concat_list(run),
        )
    )  # fmt: skip
