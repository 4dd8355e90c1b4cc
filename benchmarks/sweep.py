"""A thousand policies at once: against one after another by the same ladder, and NumPy day by day.

Everybody walks the same policies over the same heavy-tailed world. Who is slower walks a few of them, and its
seconds are multiplied; the loops of the tests' twin walk a few accounts. The policies are Sobol points over
windows of 7, 14 and 30 days, limits of two metrics with overrides, grace and memory.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from benchmarks.measure import measure
from benchmarks.measure import prepare as prepare_in_process

if TYPE_CHECKING:
    from pathlib import Path

    import deliverlab as dl
    from deliverlab.policy.sweep.bench import Bench

QUICK, FULL = (5_000, 365, 128), (100_000, 365, 1_000)  # accounts, days, policies
CHUNK = 5_000  # accounts made at a time
SEED = 17
ASKED, STEPPED, TWIN_ACCOUNTS = 20, 2, 20  # policies walked one by one, and by NumPy; accounts of the twin
POLICY = """
name = "swept"
[window]
days = 30
[[rules]]
name = "bounces"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.05
min_sent = 400
overrides = [{ industry = "Games", limit = 0.06 }, { band = "10k-100k", limit = 0.05 }]
[[rules]]
name = "complaints"
metric = "complaint_rate"
kind = "rate"
limit = 0.01
min_sent = 400
overrides = [{ industry = "Retail", limit = 0.01 }]
[[stages]]
name = "probation"
grace_days = 7
[[stages]]
name = "first warning"
grace_days = 7
[[stages]]
name = "second warning"
grace_days = 7
[[stages]]
name = "suspended"
send_share = 0.0
[ladder]
remembers_days = 0
"""
RANGES: dict[tuple[str, ...], dict[str, object]] = {
    ("window", "days"): {"values": [7.0, 14.0, 30.0]},
    ("rules", "bounces", "limit"): {"least": 0.03, "most": 0.15, "scale": "log"},
    ("rules", "bounces", "overrides", "Games", "limit"): {"least": 0.03, "most": 0.2, "scale": "log"},
    ("rules", "bounces", "overrides", "10k-100k", "limit"): {"least": 0.03, "most": 0.15, "scale": "log"},
    ("rules", "complaints", "limit"): {"least": 0.004, "most": 0.03, "scale": "log"},
    ("rules", "complaints", "overrides", "Retail", "limit"): {"least": 0.004, "most": 0.03, "scale": "log"},
    ("stages", "*", "grace_days"): {"least": 3.0, "most": 14.0},
    ("ladder", "remembers_days"): {"least": 0.0, "most": 60.0},
}
AFTER_DAYS = 9


def figures(*, quick: bool) -> dict[str, object]:
    """Seconds for all policies, cold and warm, peak memory, ratios, and whether all agree."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder)
        size = prepare_in_process("sweep", inputs, quick=quick)
        policies = int(str(size["policies"]))
        swept = measure("sweep", "deliverlab", inputs)
        dense = measure("sweep", "one_by_one", inputs, warm_runs=1)
        stepped = measure("sweep", "numpy_steps", inputs, warm_runs=1)
        twin = measure("sweep", "twin", inputs, warm_runs=0)
        slider = measure("sweep", "slider", inputs)
        seconds = {
            "one_by_one": dense.warm_seconds * policies / ASKED,
            "numpy_steps": stepped.warm_seconds * policies / STEPPED,
            "twin": twin.warm_seconds * policies * int(str(size["accounts"])) / TWIN_ACCOUNTS,
        }
        asked = swept.answer.head(ASKED)
        return size | {
            "warm_seconds": swept.warm_seconds,
            "cold_seconds": swept.cold_seconds,
            "peak_mib": swept.peak_mib,
            "median_tripped_share": float(np.median(swept.answer["noticed"])) / int(str(size["accounts"])),
            "one_policy_of_10000_accounts_seconds": slider.warm_seconds,
            "peers_seconds_multiplied": seconds,
            "times_faster": {peer: its / swept.warm_seconds for peer, its in seconds.items()},
            "peers_peak_mib": {"one_by_one": dense.peak_mib, "numpy_steps": stepped.peak_mib},
            "parity": {
                "one_by_one": asked.equals(dense.answer),
                "numpy_steps": asked.head(STEPPED).equals(stepped.answer),
            },
        }


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write a heavy-tailed world, some accounts at a time."""
    from benchmarks import worlds

    accounts, days, policies = QUICK if quick else FULL
    chunks = []
    for number in range(accounts // CHUNK):
        world = worlds.make(accounts=CHUNK, is_heavy_tailed=True, seed=SEED + number, days=days)
        renamed = pl.format("{}-{}", pl.lit(f"{number:03}"), "account_id").alias("account_id")
        world.daily.with_columns(renamed).write_parquet(inputs / f"daily-{number:03}.parquet")
        chunks.append(world.accounts.with_columns(renamed))
    pl.concat(chunks).write_parquet(inputs / "accounts.parquet")
    (inputs / "policies").write_text(str(policies))
    return {"accounts": accounts, "days": days, "policies": policies}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """All policies in one sweep: how many accounts each notices and blocks, and the mail that it holds."""
    swept = bench(inputs).sweep(policies_of(inputs))
    return swept.figures(["noticed", "blocked", "mail_held"])


def slider(inputs: Path, /) -> pl.DataFrame:
    """One policy on an open history of 10,000 accounts, or of all where there are fewer: as a slider asks."""
    return small_bench(inputs).sweep(policies_of(inputs)[:1]).figures(["noticed", "blocked", "mail_held"])


def one_by_one(inputs: Path, /) -> pl.DataFrame:
    """The same of the first few, each walked alone through all accounts and days, no tables made."""
    from deliverlab.policy.replay import replay

    field, rows = bench(inputs), []
    for policy in policies_of(inputs)[:ASKED]:
        walked = replay(
            field.history, policy=policy, scenario=field.scenario, start=field.start, until=field.until
        ).walked
        last = walked.transitions["to_stage"] == len(policy.stages)
        rows.append((
            float((walked.states["new_notices"] > 0).sum()),
            float(len(np.unique(walked.transitions["account"][last]))),
            float(walked.held[:, 0].sum()),
        ))  # fmt: skip
    return pl.DataFrame(rows, schema=["noticed", "blocked", "mail_held"], orient="row")


def numpy_steps(inputs: Path, /) -> pl.DataFrame:
    """The same of the first two by NumPy: a step a day for all accounts together."""
    totals, bands, industries = grids(inputs)
    rows = [stepped(policy, totals, bands, industries) for policy in policies_of(inputs)[:STEPPED]]
    return pl.DataFrame(rows, schema=["noticed", "blocked", "mail_held"], orient="row")


def twin(inputs: Path, /) -> pl.DataFrame:
    """A few accounts under one policy by the tests' twin: loops over dictionaries, one day after another."""
    import tomllib

    from tests.policy.reference import Tables, simulate

    history = bench(inputs).history
    some = history.select(history.accounts["account_id"].head(TWIN_ACCOUNTS))
    scenario = {"name": "after", "review": {"mode": "after", "after_days": AFTER_DAYS}}
    tables = Tables(daily=some.daily.to_dicts(), accounts=some.accounts.to_dicts())
    answer = simulate(tomllib.loads(POLICY), scenario, tables)
    return pl.DataFrame({"transitions": [len(answer.transitions)]})


@cache
def bench(inputs: Path) -> Bench:
    """The world, opened once."""
    return _opened(pl.scan_parquet(inputs / "daily-*.parquet"), inputs)


@cache
def small_bench(inputs: Path) -> Bench:
    """The first ten thousand accounts of the world, opened once."""
    first = sorted(inputs.glob("daily-*.parquet"))[: 10_000 // CHUNK]
    return _opened(pl.scan_parquet(first), inputs)


def _opened(daily: pl.LazyFrame, inputs: Path) -> Bench:
    import deliverlab as dl
    from deliverlab.policy.sweep.bench import Bench

    accounts = pl.read_parquet(inputs / "accounts.parquet")
    mailed = daily.select("account_id").unique().collect()
    accounts = accounts.join(mailed, on="account_id", how="semi")
    some = daily.filter(pl.col("account_id").str.starts_with("000-")).collect()
    peers = dl.peer_rates(some, accounts).collect()  # those of a part serve as well
    history = dl.History(daily, accounts, peer_rates=peers)
    last = history.until
    assert last is not None
    return Bench(history, dl.Policy.from_text(POLICY), dl.Scenario.after(days=AFTER_DAYS), last)


@cache
def policies_of(inputs: Path) -> list[dl.Policy]:
    """The policies of the search, made once."""
    import deliverlab as dl
    from deliverlab.policy.tune.points import first_points, numbers_at, policy_at
    from deliverlab.policy.tune.search import Search

    search = Search.from_data({
        "name": "windows, limits, grace and memory",
        "seed": SEED,
        "points": int((inputs / "policies").read_text()),
        "objectives": [{"measure": "harm_averted_share", "aim": "most"}],
        "vary": [{"key": list(key), **spread} for key, spread in RANGES.items()],
    })  # fmt: skip
    policy = dl.Policy.from_text(POLICY)
    return [policy_at(numbers_at(point, search), search, policy) for point in first_points(search)]


Grids = dict[str, "np.ndarray[tuple[int, int], np.dtype[np.int64]]"]


@cache
def grids(inputs: Path) -> tuple[Grids, np.ndarray, np.ndarray]:
    """Running totals by account and day, the band of every day, and the industry's place."""
    from deliverlab.metrics import BAND_DAYS, BAND_STARTS

    history = bench(inputs).history
    arrays, accounts = history.arrays, len(history.accounts)
    first, last = int(arrays.days.min()), int(arrays.days.max())
    who = np.repeat(np.arange(accounts), np.diff(arrays.offsets))
    totals: Grids = {}
    for name in ("sent", "delivered", "hard_bounces", "complaints"):
        grid = np.zeros((accounts, last - first + 2), np.int64)
        grid[who, arrays.days - first + 1] = history.daily[name].to_numpy()
        totals[name] = grid.cumsum(axis=1)
    sent = totals["sent"]
    before = np.maximum(np.arange(sent.shape[1] - 1) - BAND_DAYS, 0)
    month = sent[:, :-1] - sent[:, before]
    bands = np.searchsorted(BAND_STARTS, month, side="right").astype(np.int8) - 1
    return totals, bands, history.accounts["industry"].rank("dense").to_numpy() - 1


def stepped(
    policy: dl.Policy,
    totals: Grids,
    bands: np.ndarray,
    industries: np.ndarray,
) -> tuple[float, float, float]:
    """Accounts noticed and blocked, and mail held, by one policy of the search."""
    from benchmarks.worlds import INDUSTRIES
    from deliverlab.schemas import BANDS

    sent = totals["sent"]
    accounts, days = sent.shape[0], sent.shape[1] - 1
    far, lag, width = -(10**6), policy.window.lag_days, policy.window.days or 0
    names = sorted(INDUSTRIES)
    rules = [
        (
            totals[numerator], totals[denominator], rule.min_sent,
            np.array([[rule.limit_for(industry=name, band=band) for band in BANDS] for name in names]),
        )
        for rule, numerator, denominator in zip(
            policy.rules, ("hard_bounces", "complaints"), ("sent", "delivered"), strict=True
        )
    ]  # fmt: skip
    first = (sent[:, 1:] > 0).argmax(axis=1)
    stage, entered, due, last_left = np.zeros((4, accounts), np.int64)
    cleared, fresh = np.full(accounts, far), first.copy()
    noticed, blocked, held = np.zeros(accounts, bool), np.zeros(accounts, bool), 0
    grace = np.array([far, *(stage.grace_days or 0 for stage in policy.stages[:-1]), 10**6])
    suspended, everybody = len(policy.stages), np.arange(accounts)
    for day in range(days):
        walked = day >= first
        shut = stage == suspended
        held += int((sent[shut, day + 1] - sent[shut, day]).sum())
        end = day - lag + 1
        begin = np.clip(np.maximum(fresh, end - width), 0, max(end, 0))
        seen = walked & ~shut & (end > fresh)
        breach = np.zeros(accounts, bool)
        if end > 0:
            mails = sent[:, end] - sent[everybody, begin]
            limit_at = (industries, bands[:, day])
            for events, trials, least, limits in rules:
                x, n = events[:, end] - events[everybody, begin], trials[:, end] - trials[everybody, begin]
                with np.errstate(divide="ignore", invalid="ignore"):
                    breach |= seen & (mails >= least) & (n > 0) & (x / n > limits[limit_at])
        reviewed = (stage > 0) & (due == day)
        climbs = np.where(
            day - cleared <= policy.ladder.remembers_days, np.minimum(last_left + 1, suspended), 1
        )
        enters = (stage == 0) & breach
        escalates = (stage > 0) & ~shut & ~reviewed & (day - entered >= grace[stage])
        due[enters] = day + AFTER_DAYS
        last_left[reviewed], cleared[reviewed] = stage[reviewed], day
        stage = np.select([reviewed, enters, escalates], [0, climbs, stage + 1], stage)
        moved = enters | escalates
        entered[moved], fresh[moved | reviewed] = day, day + 1
        noticed |= enters
        blocked |= moved & (stage == suspended)
    return float(noticed.sum()), float(blocked.sum()), float(held)
