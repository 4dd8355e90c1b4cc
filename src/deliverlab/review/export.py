"""Decisions as a file for spreadsheets: no formula in it runs, no address in it shows unless asked for."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.review.addresses import normalised

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = r"^[=+\-@\t\r\n＝＋－＠]"  # how a cell begins that some spreadsheet takes for a formula
SEPARATOR = "; "


def decisions_csv(
    decisions: pl.DataFrame | pl.LazyFrame, /, *, show_addresses: bool = False, key: bytes | None = None
) -> str:
    """The decisions as CSV, a row a contact, sorted by account and address.

    The header says what stands for the contact: `email` in clear if asked for; with a `key`, `email_key`
    (HMAC-SHA-256 of the address under it, so that the contact can be found again); else `masked_email`.

    >>> decisions = pl.DataFrame({
    ...     "account_id": ["=1+1"], "email": ["jane@example.com"], "decision": ["keep"],
    ...     "reasons": [["role_address"]], "evidence": [["a role"]],
    ... })
    >>> print(decisions_csv(decisions), end="")
    account_id,masked_email,decision,reasons,evidence
    '=1+1,j…@example.com,keep,role_address,a role
    """
    contact = pl.col("email")
    if show_addresses:
        shown = contact
    elif key is not None:
        shown = normalised(contact).map_elements(_keyed(key), return_dtype=pl.String).alias("email_key")
    else:
        shown = masked(contact).alias("masked_email")
    return (
        decisions.lazy()
        .sort("account_id", "email")
        .select(
            "account_id",
            shown,
            pl.col("decision").cast(pl.String),
            pl.col("reasons", "evidence").list.join(SEPARATOR),
        )
        .with_columns(defused(pl.col(pl.String)))
        .collect()
        .write_csv()
    )


def defused(cell: pl.Expr) -> pl.Expr:
    """The text with a quote before it where a spreadsheet would run it as a formula.

    Source: OWASP, CSV Injection.

    >>> pl.select(defused(pl.Series(["=HYPERLINK(1)", "a=b"]))).to_series().to_list()
    ["'=HYPERLINK(1)", 'a=b']
    """
    return cell.str.replace(RUNS, "'$0")


def masked(email: pl.Expr) -> pl.Expr:
    """The first letter and the domain of an address; a name of one letter, or no address, is hidden whole."""
    first, domain = (
        email.str.extract(r"(?s)^(?:(.).+|.?)@([^@]*)$", group).fill_null("") for group in (1, 2)
    )
    return (
        pl.when(email.str.contains("@", literal=True))
        .then(pl.format("{}…@{}", first, domain))
        .otherwise(pl.lit("…"))
    )


def mask_address(address: str, /) -> str:
    """One address as `masked` shows it.

    >>> mask_address("jane.doe@example.com")
    'j…@example.com'
    """
    return str(pl.select(masked(pl.lit(address))).item())


def _keyed(key: bytes) -> Callable[[str], str]:
    return lambda address: hmac.new(key, address.encode(), sha256).hexdigest()
