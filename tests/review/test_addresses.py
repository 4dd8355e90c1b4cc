"""What is wrong with an address."""

import polars as pl
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverlab.review.addresses import is_one_slip, with_judgement
from deliverlab.review.rules import ReviewRules

RULES = ReviewRules.default()


def judged(addresses: list[str]) -> pl.DataFrame:
    return with_judgement(pl.DataFrame({"address": addresses}, schema={"address": pl.String}), rules=RULES)


near = st.text("abc.", max_size=5)


def damerau(left: str, right: str) -> int:
    """The number of slips between two words, from the recurrence itself (optimal string alignment)."""
    if not left or not right:
        return len(left) + len(right)
    ways = [
        damerau(left[:-1], right) + 1,
        damerau(left, right[:-1]) + 1,
        damerau(left[:-1], right[:-1]) + (left[-1] != right[-1]),
    ]
    if left[-2:] == right[-2:][::-1] and len(left) > 1:
        ways.append(damerau(left[:-2], right[:-2]) + 1)
    return min(ways)


@given(left=near, right=near)
@settings(deadline=None)
def test_one_slip_is_damerau_distance_one(left: str, right: str) -> None:
    """The quick test agrees with the slow and obvious distance."""
    assert is_one_slip(left, right) == (damerau(left, right) == 1)


@given(
    addresses=st.lists(
        st.one_of(
            st.emails(),
            st.text(max_size=12),
            st.builds(
                "{}@{}".format,
                st.text("aZ.+-_é ", max_size=70),
                st.sampled_from(["example.com", "a..b", "x", ""]),
            ),
        ),
        max_size=10,
    )
)
@settings(deadline=None, max_examples=60)
def test_an_address_is_faulty_where_the_validator_says_so(addresses: list[str]) -> None:
    """Judging a domain once, and plain names by their letters, changes no verdict."""
    faults = judged(addresses)

    assert faults["address"].to_list() == addresses
    for address, fault in faults.select("address", "fault").iter_rows():
        try:
            validate_email(address, check_deliverability=False)
        except EmailNotValidError:
            assert fault is not None
        else:
            assert fault is None


def test_no_slip_leads_to_a_domain_that_is_real() -> None:
    """No large mailbox domain, and no real neighbour, is taken for a slip of another."""
    real = [*RULES.mailbox_domains, *RULES.real_neighbours]

    assert judged([f"x@{domain}" for domain in real])["likely_domain"].null_count() == len(real)


def test_addresses_without_a_domain_are_judged_all_the_same() -> None:
    """What has no @ is faulty and belongs to no role; an empty list has no rows."""
    assert judged(["info"]).select("domain", "is_role", "is_disposable").row(0) == (
        None, False, False,
    )  # fmt: skip
    assert judged([]).height == 0
