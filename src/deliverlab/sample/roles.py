"""The accounts whose part is fixed: those with raw records and contacts, one or two for each story."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A part that the account of the same number plays."""

    story: str
    industry: str | None
    tier: str
    rhythm: str
    format: str  # of its raw records: firehose and sns are SES
    history: int  # days from its first day to the world's last
    name: str | None = None
    sends_at: int = 9  # hour of the day, UTC
    overstates_engagement: bool = False  # its contacts claim what its mail does not show

    @property
    def provider(self) -> str:
        """Whose records they are."""
        return "sendgrid" if self.format == "sendgrid" else "ses"


ROLES = (
    Role(story="healthy", industry="Retail", tier="pro", rhythm="daily", format="firehose", history=98),
    Role(
        story="decaying_list", industry="Education", tier="free",
        rhythm="daily", format="sendgrid", history=100,
    ),
    Role(
        story="purchased_list", industry="Software", tier="starter",
        rhythm="daily", format="sns", history=92, name="<b>Bold & Co</b>",
    ),
    Role(
        story="compromised_account", industry="Travel", tier="starter",
        rhythm="daily", format="sendgrid", history=90,
    ),
    Role(
        story="form_abuse", industry="Health and Fitness", tier="free",
        rhythm="daily", format="firehose", history=86, name="=SUM(1+1) Ltd",
    ),
    Role(
        story="bad_industry", industry="Construction", tier="starter",
        rhythm="weekly", format="sendgrid", history=96,
    ),
    Role(
        story="bad_campaign", industry="Restaurant", tier="starter",
        rhythm="campaign", format="sns", history=90,
    ),
    Role(
        story="provider_outage", industry="Non-Profit", tier="free",
        rhythm="daily", format="sendgrid", history=84,
    ),
    Role(
        story="reviewed_and_recovered", industry="Real Estate", tier="starter",
        rhythm="daily", format="firehose", history=100,
    ),
    Role(
        story="reviewed_in_name_only", industry="E-commerce", tier="free",
        rhythm="daily", format="sendgrid", history=98, overstates_engagement=True,
    ),
    Role(
        story="regressed_to_mean", industry="Media", tier="starter",
        rhythm="daily", format="sns", history=94,
    ),
    Role(
        story="re_offender", industry="Retail", tier="starter",
        rhythm="daily", format="sendgrid", history=100,
    ),
    Role(
        story="healthy", industry="Government", tier="enterprise",
        rhythm="daily", format="firehose", history=78, sends_at=23,
    ),
    Role(
        story="purchased_list", industry=None, tier="free",
        rhythm="daily", format="sns", history=80,
    ),
)  # fmt: skip
