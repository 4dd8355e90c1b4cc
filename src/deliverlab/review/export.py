"""Decisions as rows for spreadsheets: no formula in them runs, no address in them shows unless asked for."""

from __future__ import annotations

import polars as pl

RUNS = r"^[=+\-@\t\r\n＝＋－＠]"  # how a cell begins that some spreadsheet takes for a formula
SEPARATOR = "; "
HOLDS_ADDRESSES = "Holds addresses in clear. Keep it where only those who may read them can."
HOLDS_NO_ADDRESS = (
    "Holds no address. Contacts show the first letter and the domain of theirs, and the key under which "
    "stored events know them, which nobody can turn back into an address."
)


def contact_rows(decisions: pl.DataFrame | pl.LazyFrame, /, *, show_addresses: bool = False) -> pl.DataFrame:
    """A row a contact, sorted by account and address, with texts only.

    The header says what stands for the contact: `email` in clear if asked for, else `masked_email`. A
    `recipient_key` that the decisions have comes along: under it the contact can be found again in events.
    """
    lazy = decisions.lazy()
    known_by = [name for name in ("recipient_key",) if name in lazy.collect_schema().names()]
    contact = pl.col("email") if show_addresses else masked(pl.col("email")).alias("masked_email")
    return (
        lazy.sort("account_id", "email")
        .select(
            "account_id",
            *known_by,
            contact,
            pl.col("decision").cast(pl.String),
            pl.col("reasons", "evidence").list.join(SEPARATOR),
        )
        .collect()
    )


def decisions_csv(decisions: pl.DataFrame | pl.LazyFrame, /, *, show_addresses: bool = False) -> str:
    """The rows of `contact_rows` as CSV.

    >>> decisions = pl.DataFrame({
    ...     "account_id": ["=1+1"], "email": ["jane@example.com"], "decision": ["keep"],
    ...     "reasons": [["role_address"]], "evidence": [["a role"]],
    ... })
    >>> print(decisions_csv(decisions), end="")
    account_id,masked_email,decision,reasons,evidence
    '=1+1,j…@example.com,keep,role_address,a role
    """
    rows = contact_rows(decisions, show_addresses=show_addresses)
    return rows.with_columns(defused(pl.col(pl.String))).write_csv()


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
