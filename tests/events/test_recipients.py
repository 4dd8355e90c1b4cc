"""Addresses: read, hidden, masked."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverlab.events.recipients import (
    KEY_CHARACTERS,
    add_recipient_key,
    address,
    mask_addresses,
    recipient_key,
)

KEY = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ann@mail.test", "ann@mail.test"),
        ("Ann.Lee@MAIL.Test", "Ann.Lee@mail.test"),
        ("Ann Lee <ann@mail.test>", "ann@mail.test"),
        ('"Lee, Ann" <ann@mail.test> ', "ann@mail.test"),
        ("<ann@mail.test>", "ann@mail.test"),
        (" ann+tag@mail.test.", "ann+tag@mail.test"),
        ('"ann lee"@mail.test', '"ann lee"@mail.test'),
        ("änn@büro.test", "änn@büro.test"),
    ],
)
def test_an_address_is_found_in_what_was_written(written: str, read: str) -> None:
    """Display names go, the domain comes in lower case, the local part stays as it is."""
    assert address(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ann",
        "@mail.test",
        "ann@",
        "ann@.",
        "ann lee@mail.test",
        "a@b@c",
        "<ann>",
        None,
        7,
        ["ann@mail.test"],
    ],
)
def test_what_is_no_address_is_none(written: object) -> None:
    """Half an address, two in one, or no text at all is no recipient."""
    assert address(written) is None


def test_the_key_decides_what_hides_an_address() -> None:
    """The same address and key give the same text; another key another one, and the address is not in it."""
    hidden = recipient_key("ann@mail.test", key=KEY)
    assert hidden == recipient_key("Ann@Mail.TEST ", key=KEY)
    assert hidden != recipient_key("ann@mail.test", key=KEY[::-1])
    assert hidden != recipient_key("anne@mail.test", key=KEY)
    assert len(hidden) == KEY_CHARACTERS
    assert set(hidden) <= set("0123456789abcdef")


@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_column_is_hidden_as_one_address_is(is_lazy: bool) -> None:
    """A frame's keys are those of its addresses one by one; null stays null, the rest stays as it is."""
    frame = pl.DataFrame(
        {"email": ["ann@mail.test", None, "bob@mail.test", "ann@mail.test"], "n": [1, 2, 3, 4]}
    )
    keyed = (
        add_recipient_key(frame.lazy(), column="email", key=KEY).collect()
        if is_lazy
        else add_recipient_key(frame, column="email", key=KEY)
    )
    ann, bob = (recipient_key(f"{name}@mail.test", key=KEY) for name in ("ann", "bob"))
    assert keyed["recipient_key"].to_list() == [ann, None, bob, ann]
    assert keyed.drop("recipient_key").equals(frame)


@pytest.mark.parametrize(
    ("raw", "masked"),
    [
        ('{"email":"ann@mail.test"}', '{"email":"[address]"}'),
        ("To: Ann <ann@mail.test>, bob@mail.test;", "To: Ann <[address]>, [address];"),
        (r'{"email":"ann\u0040mail.test"}', '{"email":"[address]"}'),
        ("https://shop.test/?to=ann%40mail.test", "https://shop.test/?to=[address]"),
        ('"ann lee"@mail.test', "[address]"),
        (r'{"to":"\"ann lee\"@mail.test"}', '{"to":"[address]"}'),
        ("no sign at all", "no sign at all"),
    ],
)
def test_addresses_in_raw_text_are_masked(raw: str, masked: str) -> None:
    """Only the address goes, in each of its spellings; what surrounds it stays readable."""
    assert mask_addresses(raw) == masked


@given(st.text())
def test_nothing_masked_has_a_sign_left(raw: str) -> None:
    """Whatever the text, no @ remains."""
    assert "@" not in mask_addresses(raw)
    assert mask_addresses(mask_addresses(raw)) == mask_addresses(raw)
