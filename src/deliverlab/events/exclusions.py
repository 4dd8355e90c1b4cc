"""Mail that says nothing about an account, and is left out of its counts: tests, mail to itself, receipts.

A data directory keeps what to leave out in `exclusions.toml`; without one only mail to the providers' own
test mailboxes is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict

from deliverlab.events.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

# Domains at which a provider plays the receiver, each with where that is said.
TEST_DOMAINS = {
    "simulator.amazonses.com": "Amazon SES developer guide, Using the mailbox simulator",
    "sink.sendgrid.net": "second-hand: mail_sendgrid of the Odoo Community Association, citing SendGrid",
    "bounce-testing.postmarkapp.com": "Postmark developer guide, Generate fake bounces",
    "blackhole.postmarkapp.com": "second-hand: test suites of several public repositories",
    "sink.sparkpostmail.com": "SparkPost support, Using the sink server",
    "bouncy-sink.trymsys.net": "SparkPost, bouncy-sink on GitHub",
    "resend.dev": "Resend documentation, Email addresses to use for testing",
}


class Exclusions(BaseModel):
    """What to leave out of `daily` and `slices`; an event is left out for the first reason that it has.

    `test_mailboxes`: mail that its provider calls a test, and mail to the providers' own test domains and
    what is below them. `own_domains`: mail of an account to its own verified domains, each named as it stands
    after the @. `transactional`: mail that its provider calls transactional. `transactional_campaigns`: mail
    of campaigns with such an id (`*` stands for anything). `mail_without_campaign`: mail of no campaign at
    all, which where campaigns are tagged is receipts and password mails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    test_mailboxes: bool = True
    own_domains: dict[str, tuple[str, ...]] = {}
    transactional: bool = False
    transactional_campaigns: tuple[str, ...] = ()
    mail_without_campaign: bool = False

    @classmethod
    def from_toml(cls, path: str | Path, /) -> Exclusions:
        """The exclusions that a file states; raises `DataError` naming what is wrong in it."""
        return read_settings(cls, path)

    def reason(self) -> pl.Expr:
        """Why an event is left out: "test_mailbox", "own_domain", "transactional", or null where it counts.

        >>> events = pl.DataFrame(
        ...     {"recipient_domain": ["eu.simulator.amazonses.com", "mail.test"], "is_test": [False, False]}
        ... )
        >>> events.select(Exclusions().reason()).to_series().to_list()
        ['test_mailbox', None]
        """
        reasons = [
            pl.when(holds.fill_null(value=False)).then(pl.lit(name)) for name, holds in self._tests().items()
        ]
        return pl.coalesce(*reasons, pl.lit(None, pl.String))

    def _tests(self) -> dict[str, pl.Expr]:
        tests = {}
        if self.test_mailboxes:
            domains = "|".join(map(re.escape, TEST_DOMAINS))
            is_to_one = pl.col("recipient_domain").str.contains(rf"(?:^|\.)(?:{domains})$")
            tests["test_mailbox"] = pl.col("is_test") | is_to_one.fill_null(value=False)
        own = [
            {"account_id": account, "recipient_domain": domain.lower()}
            for account, domains in self.own_domains.items()
            for domain in domains
        ]
        if own:
            tests["own_domain"] = pl.struct("account_id", "recipient_domain").is_in(own)
        campaign = pl.col("campaign_id")
        transactional = [pl.col("is_transactional").fill_null(value=False)] if self.transactional else []
        if self.mail_without_campaign:
            transactional.append(campaign.is_null())
        if self.transactional_campaigns:
            patterns = "|".join(re.escape(each).replace(r"\*", ".*") for each in self.transactional_campaigns)
            transactional.append(campaign.str.contains(rf"(?s)^(?:{patterns})$"))
        if transactional:
            tests["transactional"] = pl.any_horizontal(transactional)
        return tests
