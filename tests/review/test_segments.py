"""Imports, forms and campaigns that carry the excess."""

import polars as pl
import pytest

from deliverlab.review.segments import list_segments, segments
from tests.review.lists import contacts_with
from tests.review.test_removals import counts
from tests.tables import table

WHOLE = counts(pl.DataFrame({"sent": [1_000], "delivered": [950], "hard_bounces": [50]}))
PARTS = counts(
    table("""
    by       | value     | contacts | sent | hard_bounces
    import   | fair      | 20       | 100  | 30
    import   | old list  | 90       | 800  | 9
    form     | web form  | 10       | 100  | 11
    campaign | june      | -        | 500  | 50
""")
)


def test_the_largest_share_of_the_excess_comes_first() -> None:
    """At a peer rate of 1% forty of fifty bounces are excess; who is no worse than peers is not named."""
    found = segments(PARTS, WHOLE, metric="hard_bounce_rate", peer_rate=0.01)

    assert found.select("by", "value", "contacts", "share").rows() == [
        ("campaign", "june", None, 1.0),
        ("import", "fair", 20, pytest.approx(0.725)),
        ("form", "web form", 10, 0.25),
    ]


def test_without_excess_or_peers_nobody_is_named() -> None:
    """A rate at its peers' or without any has nothing to explain."""
    assert not segments(PARTS, WHOLE, metric="hard_bounce_rate", peer_rate=0.05).height
    assert not segments(PARTS, WHOLE, metric="hard_bounce_rate", peer_rate=None).height


def test_a_contact_belongs_to_its_import_else_to_its_form() -> None:
    """Each contact counts once, mailed or not."""
    contacts = contacts_with(
        {"email": "a", "import_id": "fair"}, {"email": "b"}, {"email": "c", "consent_source": None}
    )
    mailed = counts(pl.DataFrame({"email": ["a", "b"], "sent": [3, 2], "hard_bounces": [1, 0]}))

    found = list_segments(contacts, mailed).sort("value")

    assert found.select("by", "value", "contacts", "sent", "hard_bounces").rows() == [
        ("import", "fair", 1, 3, 1),
        ("form", "newsletter form", 1, 2, 0),
        ("form", "no source on record", 1, 0, 0),
    ]
