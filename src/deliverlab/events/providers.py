"""Every provider that can be read, by name; a new one is a module beside `ses` and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.errors import DataError
from deliverlab.events import sendgrid, ses

if TYPE_CHECKING:
    from deliverlab.events.entries import Provider

PROVIDERS: dict[str, Provider] = {each.name: each for each in (ses.PROVIDER, sendgrid.PROVIDER)}


def provider_named(name: str) -> Provider:
    """The provider of that name; raises `DataError` naming the known ones.

    >>> provider_named("ses").states_sent_at
    True
    """
    if name not in PROVIDERS:
        raise DataError(f"provider == {name!r}, must be one of {', '.join(sorted(PROVIDERS))}")
    return PROVIDERS[name]
