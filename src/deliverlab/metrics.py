"""Every metric once: what is counted, out of what, which way is bad, and its words; and the volume bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.schemas import BANDS, CONTACT_AGES

if TYPE_CHECKING:
    from collections.abc import Mapping

BAND_DAYS = 30  # the days before a day whose sent mail decides its volume band
BAND_STARTS = (0, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A rate: `numerator` out of `denominator`, both columns of `Daily`."""

    name: str
    numerator: str
    denominator: str
    is_high_bad: bool
    words: str
    event_words: str
    denominator_words: str

    @property
    def is_enforced(self) -> bool:
        """Opens and clicks inform and never enforce: privacy proxies open mail that nobody read."""
        return self.is_high_bad

    def rate(self) -> pl.Expr:
        """The rate of columns `events` and `trials`; null without trials: no mail is not a good record."""
        return pl.when(pl.col("trials") > 0).then(pl.col("events") / pl.col("trials"))


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="hard_bounce_rate", numerator="hard_bounces", denominator="sent", is_high_bad=True,
            words="hard bounce rate", event_words="hard bounces", denominator_words="mails sent",
        ),
        Metric(
            name="soft_bounce_rate", numerator="soft_bounces", denominator="sent", is_high_bad=True,
            words="soft bounce rate", event_words="soft bounces", denominator_words="mails sent",
        ),
        Metric(
            name="complaint_rate", numerator="complaints", denominator="delivered", is_high_bad=True,
            words="complaint rate", event_words="complaints", denominator_words="mails delivered",
        ),
        Metric(
            name="unsubscribe_rate", numerator="unsubscribes", denominator="delivered", is_high_bad=True,
            words="unsubscribe rate", event_words="unsubscribes", denominator_words="mails delivered",
        ),
        Metric(
            name="open_rate", numerator="opens", denominator="delivered", is_high_bad=False,
            words="open rate", event_words="opens", denominator_words="mails delivered",
        ),
        Metric(
            name="click_rate", numerator="clicks", denominator="delivered", is_high_bad=False,
            words="click rate", event_words="clicks", denominator_words="mails delivered",
        ),
        Metric(
            name="click_to_open_rate", numerator="clicks", denominator="opens", is_high_bad=False,
            words="click-to-open rate", event_words="clicks", denominator_words="mails opened",
        ),
    )
}  # fmt: skip

# How much an event harms beside a complaint: by how much higher its published limit is. Amazon SES reviews at
# 5% of hard bounces and 0.1% of complaints, HubSpot warns at 5% of unsubscribes. No limit of soft bounces is
# known: they cost the receiver least.
HARM: Mapping[str, float] = {
    "complaint_rate": 1.0, "hard_bounce_rate": 0.02, "unsubscribe_rate": 0.02, "soft_bounce_rate": 0.01,
}  # fmt: skip


def contact_age(days: pl.Expr) -> pl.Expr:
    """How long a contact has been known, in words, from its days on the list; null where that is not known.

    >>> pl.select(contact_age(pl.lit(pl.Series([0, 7, 400, None])))).to_series().to_list()
    ['under a week', 'a week to a month', 'over a year', None]
    """
    words = pl.lit(next(iter(CONTACT_AGES)))
    for name, least in CONTACT_AGES.items():
        words = pl.when(days >= least).then(pl.lit(name)).otherwise(words)
    return pl.when(days.is_not_null()).then(words)


def band_of(sent: pl.Expr) -> pl.Expr:
    """The volume band of an account that sent so much in the `BAND_DAYS` before.

    >>> pl.select(band_of(pl.lit(pl.Series([0, 999, 1_000, 5_000_000])))).to_series().to_list()
    ['<1k', '<1k', '1k-10k', '1M+']
    """
    band = pl.lit(BANDS[0])
    for start, name in zip(BAND_STARTS[1:], BANDS[1:], strict=True):
        band = pl.when(sent >= start).then(pl.lit(name)).otherwise(band)
    return band.cast(pl.Enum(BANDS))
