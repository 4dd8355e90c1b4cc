"""Every provider that can be read, by name; a new one is a module beside `ses` and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.events import brevo, hubspot, mailgun, mandrill, postmark, sendgrid, ses, sparkpost

if TYPE_CHECKING:
    from deliverlab.events.entries import Provider

AUTO = "auto"

PROVIDERS: dict[str, Provider] = {
    each.PROVIDER.name: each.PROVIDER
    for each in (brevo, hubspot, mailgun, mandrill, postmark, sendgrid, ses, sparkpost)
}
