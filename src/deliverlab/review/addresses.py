"""What is wrong with an address: its syntax, its domain, or that it belongs to a role instead of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from deliverlab.review.rules import ReviewRules

# Only what no validator could refuse: anything else goes to email-validator whole.
PLAIN = r"^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[^@]+$"
PLAIN_LOCAL_LENGTH = 64
PLAIN_LENGTH = 254


def normalised(email: pl.Expr) -> pl.Expr:
    """The address that an entry means, however it is typed: trimmed, composed, lower case.

    The part before the @ may differ by case in theory; no large mailbox provider lets it.

    >>> pl.select(normalised(pl.lit(" Jane.Doe@Example.COM "))).item()
    'jane.doe@example.com'
    """
    lower = email.str.strip_chars().str.to_lowercase()
    beyond_ascii = pl.when(lower.str.len_bytes() != lower.str.len_chars()).then(lower)
    composed = beyond_ascii.str.normalize("NFC").str.strip_chars().str.to_lowercase()
    return pl.coalesce(composed, lower)  # composing every address takes ten times as long


def with_judgement(listed: pl.DataFrame, /, *, rules: ReviewRules) -> pl.DataFrame:
    """The rows with what their `address` tells by its letters alone; nothing is asked of any network.

    `mailbox` is whom it reaches, `fault` what a validator has against it (null: nothing), `likely_domain` the
    domain most likely meant (null: its own), `is_disposable` and `is_role` are flags. A domain is judged
    once, however many addresses it has; only addresses with unusual letters are judged one by one. A reserved
    domain that can never receive mail (`.invalid`) is a fault, an unknown one is not.

    >>> from deliverlab.review.rules import ReviewRules
    >>> judged = with_judgement(pl.DataFrame({"address": ["info+a@gamil.com"]}), rules=ReviewRules.default())
    >>> judged.select("fault", "likely_domain", "is_disposable", "is_role").row(0)
    (None, 'gmail.com', False, True)
    """
    address = pl.col("address")
    parts = listed.with_columns(
        local=address.str.extract(r"(?s)^(.*)@[^@]*$"), domain=address.str.extract(r"@([^@]*)$")
    )
    is_plain = (
        address.str.contains(PLAIN)
        & (pl.col("local").str.len_bytes() <= PLAIN_LOCAL_LENGTH)
        & (address.str.len_bytes() <= PLAIN_LENGTH)
    ).fill_null(value=False)
    unusual = parts.filter(~is_plain)["address"].unique()
    faults = pl.DataFrame(
        {"address": unusual, "own_fault": [_fault(each) for each in unusual]},
        schema={"address": pl.String, "own_fault": pl.String},
    )
    tagless = pl.col("local").str.replace(r"(?s)\+.*$", "")
    return (
        parts.join(faults, on="address", how="left", maintain_order="left")
        .join(_domains(parts["domain"], rules=rules), on="domain", how="left", maintain_order="left")
        .with_columns(
            mailbox=_mailbox(tagless, rules=rules),
            fault=pl.when(is_plain).then("domain_fault").otherwise("own_fault"),
            is_disposable=pl.col("is_disposable").fill_null(value=False),
            is_role=tagless.is_in(rules.role_names).fill_null(value=False),
        )
        .drop("local", "own_fault", "domain_fault")
    )


def _mailbox(tagless: pl.Expr, *, rules: ReviewRules) -> pl.Expr:
    """The address in the one spelling of its mailbox, where its provider says that it has several."""
    domain = pl.col("domain")
    spelt = (
        pl.when(domain.is_in(rules.dotless_domains))
        .then(tagless.str.replace_all(".", "", literal=True))
        .when(domain.is_in(rules.tag_domains))
        .then(tagless)
    )
    return pl.format("{}@{}", spelt, domain.replace(rules.same_domains)).fill_null(pl.col("address"))


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
    names = domains.drop_nulls().unique().sort()
    rows = [
        (
            domain,
            _fault(f"x@{domain}"),
            None
            if domain in real
            else next((d for d in rules.mailbox_domains if is_one_slip(domain, d)), None),
            any(parent in blocklist for parent in _parents(domain)),
        )
        for domain in names
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
