"""Why an entry cannot be used, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from deliverlab.events.entries import Unusable
from deliverlab.events.moments import moment
from deliverlab.events.recipients import mask_addresses

if TYPE_CHECKING:
    from deliverlab.events.entries import Provider

RAW_KEPT = 500  # characters of an unusable record
RAW_MASKED = 1_000  # more than is kept, so that masking sees whole addresses
TIMES = {
    "occurred_at": "time of the event",
    "sent_at": "time of the sending",
    "received_at": "time of receipt",
}


def refusals(facts: pl.DataFrame, found: pl.DataFrame, provider: Provider) -> pl.Series:
    """Why an entry cannot be used; null where it can."""
    stated = facts.select(
        **{name: pl.col(name).str.strip_chars().fill_null("") != "" for name in (*TIMES, "recipient")}
    )
    read = found.select(**{name: pl.col(name).is_not_null() for name in (*TIMES, "recipient")})
    needs_recipient = (facts["event_type"] != "other") | stated["recipient"]
    wrong_times = {
        "occurred_at": ~read["occurred_at"],
        "sent_at": stated["sent_at"] & ~read["sent_at"],
        "received_at": stated["received_at"] & ~read["received_at"],
    }
    named = pl.col("name").is_not_null()
    reasons = facts.select(
        pl.coalesce(
            "complaint",
            pl.when(~named).then(pl.lit(f"no event of {provider.title}")),
            pl.when(pl.col("event_type").is_null()).then(
                pl.format(
                    "unknown {} event '{}'", pl.lit(provider.title), pl.col("raw_type").str.slice(0, 40)
                )
            ),
        ).alias("reason")
    ).to_series()
    for name, is_wrong in wrong_times.items():
        if (reasons.is_null() & is_wrong).any():
            reasons = reasons.zip_with(
                ~(reasons.is_null() & is_wrong), _complaints(facts[name], is_wrong, TIMES[name])
            )
    no_address = reasons.is_null() & needs_recipient & ~read["recipient"]
    told = stated["recipient"].replace_strict(
        {True: "recipient is no address", False: "no recipient"}, return_dtype=pl.String
    )
    return reasons.zip_with(~no_address, told)


def _complaints(texts: pl.Series, is_wrong: pl.Series, what: str) -> pl.Series:
    """What `moment` says of each wrong text."""
    said = {text: _complaint(text, what) for text in texts.filter(is_wrong).unique()}
    return pl.Series([said.get(text) for text in texts], dtype=pl.String)


def _complaint(text: str | None, what: str) -> str | None:
    try:
        moment(text, what=what)
    except Unusable as problem:
        return str(problem)
    return None


def quarantined(rows: pl.DataFrame, reasons: pl.Series, source: str) -> pl.DataFrame:
    """Rows that cannot be used: where they stood, why, and their beginning with addresses masked."""
    places = [
        f"line {line}" if item == 1 else f"line {line}, item {item}"
        for line, item in rows.select("line", "item").iter_rows()
    ]
    raws = [mask_addresses(raw)[:RAW_KEPT] for raw in rows["raw"].str.slice(0, RAW_MASKED)]
    return pl.DataFrame(
        {
            "source": pl.Series([source] * rows.height, dtype=pl.String),
            "position": pl.Series(places, dtype=pl.String),
            "reason": pl.Series([mask_addresses(reason) for reason in reasons], dtype=pl.String),
            "raw": pl.Series(raws, dtype=pl.String),
        }
    )
