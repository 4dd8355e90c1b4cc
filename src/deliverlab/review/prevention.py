"""What keeps contacts that had to go from coming back: a change of practice for each reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deliverlab.review.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERMISSION = "Every sign-up keeps its source, means and time, and a confirmation mail must be answered."
_IMPORTS = "No list that others made is imported, and no import without proof of each permission."
_ADDRESSES = "Forms check addresses and ask to confirm them; what bounces for good is never mailed again."
_SUNSET = "Contacts who stop reading are asked once whether to go on, and dropped when they do not answer."
_LEAVING = (
    "Every mail has an unsubscribe link that works at once, also in the systems that contacts come from."
)
PREVENTION = {
    "no_permission": _PERMISSION, "permission_unverifiable": _PERMISSION,
    "implied_consent": _PERMISSION, "implied_consent_lapsed": _PERMISSION,
    "imported_without_proof": _IMPORTS, "other_brand": _IMPORTS,
    "complained": _LEAVING, "unsubscribed": _LEAVING,
    "invalid_address": _ADDRESSES, "typo_domain": _ADDRESSES, "disposable_domain": _ADDRESSES,
    "hard_bounced": _ADDRESSES, "repeatedly_bounced": _ADDRESSES, "role_address": _ADDRESSES,
    "never_engaged": _SUNSET, "no_longer_engaged": _SUNSET, "not_mailed_in_a_year": _SUNSET,
}  # fmt: skip


def prevention(reasons: Iterable[str], /) -> list[str]:
    """The practices that answer these reasons, each once, in the order of the checklist.

    >>> prevention(["hard_bounced", "disposable_domain", "records_disagree"]) == [_ADDRESSES]
    True
    """
    found = set(reasons)
    return list(dict.fromkeys(PREVENTION[code] for code in REASONS if code in found and code in PREVENTION))
