"""Base rates by industry, from published benchmarks."""

from __future__ import annotations

from typing import NamedTuple

SOURCE = "Mailchimp, Email Marketing Benchmarks (averages of campaigns to more than 1,000 recipients)"

# What became of an industry's figures between the two years: the median over the twelve industries that can
# be read in both. The levels of 2014 alone would be nearly twice those of later years.
FALL_FROM_2014_TO_2016 = {
    "hard_bounces": 0.54, "soft_bounces": 0.60, "complaints": 0.75,
    "unsubscribes": 0.99, "opens": 0.97, "clicks": 0.82,
}  # fmt: skip
OUTCOMES = tuple(FALL_FROM_2014_TO_2016)


class Industry(NamedTuple):
    """An industry's published averages in percent, with the year and the words of the source."""

    name: str
    published_as: str
    year: int
    opens: float
    clicks: float
    soft_bounces: float
    hard_bounces: float
    complaints: float
    unsubscribes: float
    peak_day: int  # of the year, when its mail peaks: assumed, not published

    @property
    def rates(self) -> dict[str, float]:
        """Fractions at the level of 2016, by outcome.

        Opens stay at the level before privacy proxies opened mail unread: machine opens are not counted.

        >>> round(INDUSTRIES["Construction"].rates["hard_bounces"], 4)
        0.0141
        """
        return {
            outcome: getattr(self, outcome) / 100 * (fall if self.year == 2014 else 1.0)
            for outcome, fall in FALL_FROM_2014_TO_2016.items()
        }


# 2014 is the one vintage that is complete, so that industries stand to one another as they were published.
# Its Health and Fitness repeats five figures of Government and is taken from 2016. Its unsubscribes of Retail
# (0.03) and eCommerce (0.02) lost a place: eCommerce reads 0.20 a year later.
INDUSTRIES = {
    industry.name: industry
    for industry in (
        # name, published as, year, opens, clicks, soft, hard, complaints, unsubscribes, peak day
        Industry("Construction", "Construction", 2014, 22.67, 2.40, 2.82, 2.62, 0.06, 0.48, 110),
        Industry("Real Estate", "Real Estate", 2014, 22.12, 2.68, 1.29, 1.33, 0.07, 0.34, 130),
        Industry("Retail", "Retail", 2014, 23.16, 3.26, 0.66, 0.60, 0.04, 0.30, 335),
        Industry("E-commerce", "eCommerce", 2014, 17.35, 3.00, 0.48, 0.43, 0.04, 0.20, 330),
        Industry("Health and Fitness", "Health and Fitness", 2016, 22.43, 2.79, 0.47, 0.49, 0.03, 0.38, 10),
        Industry("Education", "Education and Training", 2014, 22.49, 3.42, 1.04, 1.01, 0.03, 0.21, 245),
        Industry("Non-Profit", "Non-Profit", 2014, 25.12, 3.25, 0.79, 0.71, 0.03, 0.19, 345),
        Industry("Software", "Software and Web App", 2014, 21.86, 3.26, 1.64, 1.52, 0.04, 0.40, 280),
        Industry("Travel", "Travel and Transportation", 2014, 20.00, 2.77, 1.12, 0.91, 0.04, 0.24, 25),
        Industry("Media", "Media and Publishing", 2014, 22.93, 5.14, 0.47, 0.33, 0.02, 0.12, 300),
        Industry("Restaurant", "Restaurant", 2014, 24.61, 1.60, 0.52, 0.41, 0.04, 0.29, 350),
        Industry("Government", "Government", 2014, 25.69, 3.64, 0.83, 0.74, 0.03, 0.14, 60),
    )
}
OTHER = Industry("Other", "Other", 2014, 22.58, 3.18, 1.37, 1.25, 0.04, 0.28, 330)
"""What an account without an industry is like."""
