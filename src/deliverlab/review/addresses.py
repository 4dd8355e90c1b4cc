"""What is wrong with an address: its syntax, its domain, or that it belongs to a role instead of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dataframely as dy
import polars as pl

from deliverlab.schemas import Table

if TYPE_CHECKING:
    from deliverlab.review.rules import ReviewRules

# Only what no validator could refuse: anything else goes to email-validator whole.
PLAIN_LOCAL = r"^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*$"
LOCAL_LENGTH = 64
ADDRESS_LENGTH = 254


class Addresses(Table):
    """What is known of an address from its letters alone; nothing was asked of any network."""

    address = dy.String(primary_key=True)
    domain = dy.String(nullable=True)
    fault = dy.String(nullable=True)
    likely_domain = dy.String(nullable=True)
    is_disposable = dy.Bool()
    is_role = dy.Bool()


def normalised(email: pl.Expr) -> pl.Expr:
    """The address that an entry means, however it is typed: trimmed, composed, lower case.

    The part before the @ may differ by case in theory; no large mailbox provider lets it.

    >>> pl.select(normalised(pl.lit(" Jane.Doe@Example.COM "))).item()
    'jane.doe@example.com'
    """
    return email.str.normalize("NFC").str.strip_chars().str.to_lowercase()


def judged(addresses: pl.Series, /, *, rules: ReviewRules) -> dy.DataFrame[Addresses]:
    """One row an address with its `fault` (null: none), the domain most likely meant, and two flags.

    A domain is judged once, however many addresses it has; only addresses with unusual letters are judged one
    by one. A reserved domain that can never receive mail (`.invalid`) is a fault, an unknown one is not.

    >>> from deliverlab.review.rules import ReviewRules
    >>> judged(pl.Series(["info@gamil.com"]), rules=ReviewRules.default()).row(0)
    ('info@gamil.com', 'gamil.com', None, 'gmail.com', False, True)
    """
    local, domain = (
        pl.col("address").str.extract(r"(?s)^(.*)@([^@]*)$", group).alias(name)
        for group, name in ((1, "local"), (2, "domain"))
    )
    parts = pl.DataFrame({"address": addresses.unique()}).with_columns(local, domain)
    is_plain = (
        pl.col("local").str.contains(PLAIN_LOCAL)
        & (pl.col("local").str.len_bytes() <= LOCAL_LENGTH)
        & (pl.col("address").str.len_bytes() <= ADDRESS_LENGTH)
    ).fill_null(value=False)
    plain, unusual = parts.filter(is_plain), parts.filter(~is_plain)
    domains = _domains(parts["domain"].drop_nulls().unique(), rules=rules)
    faults = pl.concat(
        [
            plain.select("address", "local", "domain").join(
                domains.select("domain", fault="domain_fault"), on="domain", how="left"
            ),
            unusual.with_columns(fault=unusual["address"].map_elements(_fault, return_dtype=pl.String)),
        ]
    )
    return Addresses.cast(
        faults.join(domains.drop("domain_fault"), on="domain", how="left")
        .with_columns(
            is_disposable=pl.col("is_disposable").fill_null(value=False),
            is_role=pl.col("local")
            .str.split("+")
            .list.first()
            .is_in(rules.role_names)
            .fill_null(value=False),
        )
        .select(Addresses.column_names())
        .sort("address")
    )


def is_one_slip(typed: str, meant: str, /) -> bool:
    """Whether one letter is missing, added, wrong or swapped with its neighbour (Damerau distance 1).

    >>> [is_one_slip(typed, "gmail.com") for typed in ("gmial.com", "gmal.com", "gmail.com", "yahoo.com")]
    [True, True, False, False]
    """
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    start = min(len(typed), len(meant)) if start is None else start
    left, right = typed[start:], meant[start:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right)) == 1 or (len(left) == len(right) == 2 and left == right[::-1])


def _domains(domains: pl.Series, *, rules: ReviewRules) -> pl.DataFrame:
    from disposable_email_domains import blocklist

    real = {*rules.mailbox_domains, *rules.real_neighbours}
    rows = [
        (
            domain,
            _fault(f"x@{domain}"),
            None
            if domain in real
            else next((d for d in rules.mailbox_domains if is_one_slip(domain, d)), None),
            any(parent in blocklist for parent in _parents(domain)),
        )
        for domain in domains.sort()
    ]
    columns = {
        "domain": pl.String,
        "domain_fault": pl.String,
        "likely_domain": pl.String,
        "is_disposable": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=columns, orient="row")


def _parents(domain: str) -> list[str]:
    """The domain itself and every domain above it."""
    labels = domain.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


def _fault(address: str) -> str | None:
    """What email-validator says against an address, None if nothing."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)
    return None
