"""Millions of contacts decided by ten times as many events, beside one SQL query for what is counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONTENDERS = ("deliverlab", "duckdb")
QUICK, FULL = 100_000, 2_000_000  # contacts; about ten events each
ACCOUNTS = 200
LAST_DAY = date(2026, 6, 30)
FIRST_DAY = LAST_DAY - timedelta(days=200)
SEEN_UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
DOMAINS = (
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "gmial.com",
    "mailinator.com",
    "example.com",
    "example.org",
)
DOMAIN_SHARES = (0.4, 0.2, 0.15, 0.005, 0.005, 0.12, 0.12)
OUTCOMES = ("delivered", "hard_bounce", "soft_bounce")
COUNTED = ("complained", "unsubscribed", "never_engaged", "no_longer_engaged", "hard_bounced")


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write lists of consent in several states and their mail: few mails to most, many to some."""
    contacts = QUICK if quick else FULL
    rng = np.random.default_rng(11)
    listed = _contacts(contacts, rng=rng)
    listed.write_parquet(inputs / "contacts.parquet")
    mails = np.where(rng.random(contacts) < 0.7, rng.integers(1, 4, contacts), rng.integers(8, 20, contacts))
    events = _events(listed.select("account_id", recipient="email"), mails, rng=rng)
    events.write_parquet(inputs / "events.parquet")
    return {"contacts": contacts, "events": events.height, "accounts": ACCOUNTS}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """All decisions with all reasons; answers how many contacts have each reason that events alone decide."""
    from deliverlab.review.decisions import contact_decisions

    decisions = contact_decisions(
        pl.scan_parquet(inputs / "contacts.parquet"),
        pl.scan_parquet(inputs / "events.parquet"),
        as_of=LAST_DAY,
    ).collect()
    counted = decisions.lazy().select("account_id", reason=pl.col("reasons")).explode("reason")
    return (
        counted.filter(pl.col("reason").is_in(COUNTED))
        .group_by("account_id", "reason")
        .agg(contacts=pl.len().cast(pl.Int64))
        .sort("account_id", "reason")
        .collect()
    )


def duckdb(inputs: Path, /) -> pl.DataFrame:
    """What a user would write first: five reasons by counting; no consent, no evidence, no decision."""
    import duckdb as engine

    query = f"""
        with happened as (
            select account_id, lower(trim(recipient)) as address, event_type, sent_at, bounce_reason,
                max(case when event_type in ('open', 'click') and not is_machine then occurred_at end)
                    over (partition by account_id, lower(trim(recipient))) as engaged_at
            from '{inputs}/events.parquet' where occurred_at < '{SEEN_UNTIL.isoformat()}'
        ),
        summed as (
            select account_id, address, max(engaged_at) as engaged_at,
                count(distinct case when event_type = 'sent' and (engaged_at is null or sent_at > engaged_at)
                    then sent_at end) as mails,
                bool_or(event_type = 'complaint') as complained,
                bool_or(event_type = 'unsubscribe') as unsubscribed,
                bool_or(event_type = 'hard_bounce' and bounce_reason = 'invalid_address') as hard_bounced
            from happened group by account_id, address
        ),
        judged as (
            select account_id, complained, unsubscribed, hard_bounced,
                engaged_at is null and mails >= 11 as never_engaged,
                engaged_at is not null and mails >= 16 as no_longer_engaged
            from summed semi join '{inputs}/contacts.parquet' as listed
                on summed.account_id = listed.account_id and summed.address = lower(trim(listed.email))
        ),
        reasoned as (
            unpivot judged on {", ".join(COUNTED)} into name reason value holds
        )
        select account_id, reason, count(*)::bigint as contacts
        from reasoned where holds group by account_id, reason order by account_id, reason
    """
    answer = inputs / "reasons-by-duckdb.parquet"
    engine.sql(f"copy ({query}) to '{answer}'")  # handing a frame over would need another library
    return pl.read_parquet(answer)


def _contacts(count: int, *, rng: np.random.Generator) -> pl.DataFrame:
    """Lists that were gathered in the year before the mail, with proof of consent for most."""
    number = pl.Series("number", np.arange(count))
    domain = pl.Series("domain", rng.choice(DOMAINS, count, p=DOMAIN_SHARES))
    chance = pl.Series("chance", rng.random(count))
    gathered = pl.Series("gathered", rng.integers(1, 160, count))
    given_at = pl.lit(FIRST_DAY).cast(pl.Datetime("us", "UTC")) - pl.duration(days="gathered")
    has_proof = pl.col("chance") < 0.8
    of_a_person = pl.format("reader.{}@{}", "number", "domain")
    of_a_role = pl.format("info@shop-{}.example.org", "number")
    return pl.DataFrame([number, domain, chance, gathered]).select(
        account_id=pl.format("acct-{}", pl.col("number") % ACCOUNTS),
        email=pl.when(pl.col("chance") > 0.99).then(of_a_role).otherwise(of_a_person),
        consent=pl.when(has_proof).then(pl.lit("double_opt_in")).otherwise(pl.lit("unknown")),
        consent_source=pl.when(has_proof).then(pl.lit("newsletter form")),
        consent_means=pl.when(has_proof).then(pl.lit("confirmed by mail")),
        consent_at=pl.when(has_proof).then(given_at),
        import_id=pl.when(pl.col("chance") > 0.9).then(pl.lit("spring")),
        created_at=given_at,
        status=pl.lit("active"),
    )


def _events(listed: pl.DataFrame, mails: NDArray[np.int64], *, rng: np.random.Generator) -> pl.DataFrame:
    """Mail on days of its own each, what came of it, and what readers and their machines did."""
    number = np.repeat(np.arange(listed.height), mails)
    hour = rng.integers(0, 200 * 24, len(number))
    sent = listed[number].with_columns(
        sent_at=pl.lit(FIRST_DAY).cast(pl.Datetime("us", "UTC"))
        + pl.duration(hours=pl.lit(pl.Series(hour))) + pl.duration(seconds=pl.int_range(pl.len()) % 3600)
    )  # fmt: skip
    outcome = pl.Series(rng.choice(OUTCOMES, len(number), p=(0.94, 0.02, 0.04)))
    later = pl.duration(seconds=pl.lit(pl.Series(rng.integers(1, 80_000, len(number)))))
    chance = pl.Series(rng.random(len(number)))
    happened = {
        "sent": sent,
        "outcome": sent.with_columns(event_type=outcome, occurred_at=pl.col("sent_at") + later),
        "open": sent.filter(chance < 0.1),
        "click": sent.filter(chance < 0.01),
        "unsubscribe": sent.filter(chance > 0.997),
        "complaint": sent.filter(chance > 0.9995),
    }
    columns = ["account_id", "recipient", "event_type", "occurred_at", "sent_at"]
    frames = [
        rows.with_columns(
            *([] if name == "outcome" else [pl.lit(name).alias("event_type")]),
            **({} if name == "outcome" else {"occurred_at": pl.col("sent_at") + pl.duration(minutes=7)}),
        ).select(columns)
        for name, rows in happened.items()
    ]
    events = pl.concat(frames).with_columns(
        is_machine=(pl.col("event_type") == "open") & (pl.col("sent_at").dt.minute() < 20),
        bounce_reason=pl.when(pl.col("event_type") == "hard_bounce").then(pl.lit("invalid_address")),
    )
    return events.sort("occurred_at")
