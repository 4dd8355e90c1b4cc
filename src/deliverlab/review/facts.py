"""One row a contact with all that reasons look at: the list, its addresses and its events, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.review.addresses import normalised, with_judgement
from deliverlab.review.mailings import coverage, mailings

if TYPE_CHECKING:
    from datetime import datetime

    import dataframely as dy

    from deliverlab.review.rules import ReviewRules
    from deliverlab.schemas import Contacts

UNPERMITTED = ("none", "unknown")
PROOF = ("consent_source", "consent_means", "consent_at")


def contact_facts(
    contacts: dy.DataFrame[Contacts], events: pl.LazyFrame, /, *, seen_until: datetime, rules: ReviewRules
) -> pl.LazyFrame:
    """The contacts with the facts about each; `engaged_at` and `mails` are the events' where these disagree.

    Events say nothing of what was before the account's first event: an older engagement on the list stands,
    and a count that reaches further back than the events is at least the list's. What the list dates after
    `seen_until` is not seen, and neither is a count that was taken then. A mailbox that has accepted mail,
    and never bounced in the events, is not hard bounced, whatever the list says.
    """
    listed = contacts.with_columns(
        pl.col("consent_source", "consent_means", "brand", "import_id").str.strip_chars().replace("", None),
        address=normalised(pl.col("email")),
        consent=pl.col("consent").cast(pl.String),
        status=pl.col("status").cast(pl.String),
    ).pipe(with_judgement, rules=rules)
    places = listed.select("account_id", "mailbox").unique().with_row_index("place")
    placed = listed.join(places, on=["account_id", "mailbox"], how="left")
    known = placed.select("account_id", "address", "place").unique()
    return (
        placed.lazy()
        .join(mailings(events, known, seen_until=seen_until, rules=rules).lazy(), on="place", how="left")
        .join(coverage(events, seen_until=seen_until).lazy(), on="account_id", how="left")
        .join(_own_brands(placed.lazy()), on="account_id", how="left")
        .join(_twins(placed).lazy(), on=["account_id", "email"], how="left")
        .pipe(_with_engagement, seen_until=seen_until)
        .pipe(_with_status)
    )


def _with_engagement(listed: pl.LazyFrame, *, seen_until: datetime) -> pl.LazyFrame:
    """Engagement and mails since, as the list claims them and as they are."""
    claimed_at, since = pl.col("claimed_at"), pl.col("covered_from")
    is_reached = ((pl.col("engaged_at") >= since) | (pl.col("created_at") >= since)).fill_null(value=False)
    is_seen = (pl.col("last_engaged_at") < seen_until).fill_null(value=True)
    return (
        listed.with_columns(
            claimed_at=pl.when(is_seen).then("last_engaged_at"),
            claimed_mails=pl.when(is_seen).then("sends_since_engagement"),
            mails_since=pl.when(since.is_not_null()).then(pl.col("mails_since").fill_null(0)),
        )
        .with_columns(
            engaged_at=pl.max_horizontal(
                "events_engaged_at", pl.when((claimed_at < since).fill_null(value=True)).then(claimed_at)
            )
        )
        .with_columns(
            mails=pl.when(is_reached)
            .then("mails_since")
            .otherwise(pl.max_horizontal("claimed_mails", "mails_since"))
        )
    )


def _with_status(listed: pl.LazyFrame) -> pl.LazyFrame:
    """What the list says of a mailbox, however often it stands there, unless the events know better."""
    is_outlived = (
        pl.col("is_listed_hard_bounced") & pl.col("accepted_at").is_not_null() & (pl.col("hard_bounces") == 0)
    )
    return (
        listed.with_columns(
            (pl.col("status") == status).any().over("place").alias(f"is_listed_{status}")
            for status in ("hard_bounced", "complained", "unsubscribed")
        )
        .with_columns(
            is_bounce_outlived=is_outlived.fill_null(value=False),
            is_duplicate=pl.col("is_duplicate").fill_null(value=False),
        )
        .with_columns(is_listed_hard_bounced=pl.col("is_listed_hard_bounced") & ~pl.col("is_bounce_outlived"))
    )


def _twins(placed: pl.DataFrame) -> pl.DataFrame:
    """The entries that share a mailbox, and whether each is one too many.

    The one that stays has permission, the most proof of it, is the oldest and in the shortest spelling.
    """
    is_unpermitted = pl.col("consent").is_in(UNPERMITTED)
    lacks = pl.sum_horizontal(pl.col(name).is_null() for name in PROOF)
    spelling = pl.col("email").str.len_chars()
    return (
        placed.filter(pl.col("place").is_duplicated())
        .sort(is_unpermitted, lacks, "created_at", spelling, "email", nulls_last=True)
        .select("account_id", "email", is_duplicate=~pl.col("place").is_first_distinct())
    )


def _own_brands(listed: pl.LazyFrame) -> pl.LazyFrame:
    """Each account's brand: what most contacts name that it gathered itself; null where that is none."""
    return (
        listed.group_by("account_id", own_brand="brand")
        .agg(gathered=pl.col("import_id").is_null().sum(), contacts=pl.len())
        .sort(
            "account_id", "gathered", "contacts", "own_brand",
            descending=[False, True, True, False], nulls_last=False,
        )
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("own_brand").first())
    )  # fmt: skip
