"""Two policies compared with intervals from 1000 resamples: deliverlab against a plain loop over accounts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.policy.compare import Comparison

CONTENDERS = ("deliverlab", "plain_python")
QUICK, FULL = (1_000, 180), (10_000, 365)  # accounts, days
LAST_DAY = date(2026, 6, 30)
RESAMPLES = 1_000
SHARES = {
    "harm_averted_share": ("harm_held", "harm"),
    "mail_held_share": ("mail_held", "mail"),
    "good_mail_blocked_share": ("good_mail_held", "good_mail"),
}
COLUMNS = ("figure", "low", "high")
DIGITS = 6  # of the answers compared: sums are added in another order


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write a world's accounts, daily counts and peer rates."""
    from deliverlab.pipeline.samples import write_crowd

    accounts, days = QUICK if quick else FULL
    write_crowd(inputs, accounts=accounts, days=days, seed=11, last_day=LAST_DAY)
    rows = pl.scan_parquet(inputs / "daily.parquet").select(pl.len()).collect().item()
    return {"accounts": accounts, "days": days, "account_days": rows, "resamples": RESAMPLES}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """Both policies replayed, every measure of both and of their difference; answers three of them."""
    found = _pair(inputs).differences.filter(pl.col("measure").is_in(list(SHARES)))
    return found.sort("measure").select("measure", pl.col(COLUMNS).round_sig_figs(DIGITS))


def plain_python(inputs: Path, /) -> pl.DataFrame:
    """The same three differences by the loop one writes first: resample by resample, account by account."""
    from deliverlab.policy.resample import resample

    pair = _pair(inputs)
    champion, challenger = pair.contributions
    drawn = resample(champion, resamples=RESAMPLES, seed=0)
    samples = [[1.0] * len(champion)]
    samples += [[n * w for n, w in zip(draws, drawn.weight, strict=True)] for draws in drawn.draws.T.tolist()]
    rows = []
    for measure, (part, of) in sorted(SHARES.items()):
        accounts = list(zip(champion[part], challenger[part], champion[of], strict=True))
        differences = []
        for weights in samples:
            theirs = ours = whole = 0.0
            for weight, (its_part, our_part, its_whole) in zip(weights, accounts, strict=True):
                theirs += weight * its_part
                ours += weight * our_part
                whole += weight * its_whole
            differences.append(ours / whole - theirs / whole)
        figure, *resampled = differences
        ends = pl.Series(resampled).quantile([0.025, 0.975], interpolation="linear")
        rows.append((measure, figure, *ends))
    answer = pl.DataFrame(rows, schema=["measure", *COLUMNS], orient="row")
    return answer.select("measure", pl.col(COLUMNS).round_sig_figs(DIGITS))


def _pair(inputs: Path) -> Comparison:
    import deliverlab as dl

    return dl.compare(
        dl.open_history(inputs),
        champion=dl.Policy.preset("hubspot-suspension-like"),
        challenger=dl.Policy.preset("posthog-like"),
        scenario=dl.Scenario.after(days=5),
        resamples=RESAMPLES,
    )
