"""What an account is told to do: what carries the excess, with its figure and the next step."""

from datetime import timedelta

import polars as pl
import pytest

from deliverlab.health.next_steps import BOUNCE_WORDS, NEXT_STEPS
from deliverlab.health.score import account_health
from deliverlab.metrics import METRICS
from deliverlab.schemas import BOUNCE_REASONS, COUNTS, Slices
from tests.health.worlds import START, history, peers, steady
from tests.tables import table

DAYS = 30
AS_OF = START + timedelta(days=DAYS + 1)


def slices(text: str, account_id: str = "a") -> pl.DataFrame:
    """`slices` drawn as text; what is not drawn is 0."""
    drawn = table(text)
    missing = {name: pl.lit(0) for name in COUNTS if name not in drawn.columns}
    return Slices.admit(drawn.with_columns(account_id=pl.lit(account_id), **missing), what="slices")


def advice(daily: pl.DataFrame, cuts: pl.DataFrame | None = None) -> pl.DataFrame:
    return account_health(history(daily, peer_rates=peers()), as_of=AS_OF, slices=cuts)[2]


def test_an_account_with_nothing_wrong_gets_no_advice() -> None:
    """Nor does one of whom nothing can be said."""
    fine = steady("fine", days=DAYS, sent=1_000, hard_bounces=10, complaints=1)
    tiny = steady("tiny", days=1, start=START + timedelta(days=20), sent=13, hard_bounces=1)
    assert advice(pl.concat([fine, tiny])).is_empty()


def test_without_slices_the_advice_is_on_the_metric_as_a_whole() -> None:
    """The figure says how much of how much, and what peers have."""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=100)
    assert advice(daily).rows() == [
        (
            "a", AS_OF, 1, "hard_bounce_rate", "Hard bounce rate as a whole",
            "3,000 hard bounces out of 30,000 mails sent: 10.0%, peers 1.0%", None,
            NEXT_STEPS["hard_bounce_rate", None],
        )
    ]  # fmt: skip


def test_the_slices_that_carry_the_excess_are_named_largest_share_first() -> None:
    """2,700 hard bounces are above the 300 that peers would have: where do they come from?"""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=100)
    cuts = slices("""
        day        | by               | value           | sent  | hard_bounces
        2026-01-10 | campaign         | spring          | 10000 | 2000
        2026-01-11 | campaign         | summer          | 10000 | 800
        2026-01-12 | campaign         | news            | 10000 | 200
        2026-01-10 | import           | file 7          | 2500  | 2400
        2026-01-10 | recipient_domain | mail.example    | 30000 | 3000
        2026-01-10 | bounce_reason    | invalid_address | 1800  | 1800
        2026-01-10 | bounce_reason    | unknown         | 300   | 300
    """)
    told = advice(daily, cuts)
    assert told.select("rank", "what", "figure").rows() == [
        (1, "Mail to mail.example", "3,000 hard bounces out of 30,000 mails sent: 10.0%, peers 1.0%"),
        (2, "Contacts of import file 7", "2,400 hard bounces out of 2,500 mails sent: 96.0%, peers 1.0%"),
        (3, "Campaign spring", "2,000 hard bounces out of 10,000 mails sent: 20.0%, peers 1.0%"),
        (4, "Bounces because the address does not exist", "1,800 of 3,000 hard bounces"),
    ]
    assert told["share"].to_list() == pytest.approx([1.0, (2400 - 25) / 2700, (2000 - 100) / 2700, 0.6])
    assert told["next_step"][2] == NEXT_STEPS["hard_bounce_rate", "campaign"]


def test_a_slice_that_is_better_than_the_rest_is_no_cause() -> None:
    """Most of the mail went out in one campaign, and it bounced less than the rest."""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=100)
    cuts = slices("""
        day        | by       | value | sent  | hard_bounces
        2026-01-10 | campaign | large | 29000 | 2400
        2026-01-11 | campaign | small | 1000  | 600
    """)
    assert advice(daily, cuts)["what"].to_list() == ["Hard bounce rate as a whole"]


def test_slices_outside_the_window_do_not_count() -> None:
    """What happened before or after does not carry this excess."""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=100)
    cuts = slices("""
        day        | by       | value  | sent | hard_bounces
        2025-12-31 | campaign | before | 9000 | 9000
        2026-01-31 | campaign | after  | 9000 | 9000
    """)
    assert advice(daily, cuts)["what"].to_list() == ["Hard bounce rate as a whole"]


def test_the_worst_metric_comes_first() -> None:
    """Poor before fair; ranks count from 1 in each account."""
    daily = pl.concat([
        steady("a", days=DAYS, sent=10_000, hard_bounces=240, complaints=90),
        steady("b", days=DAYS, sent=10_000, hard_bounces=900),
    ])  # fmt: skip
    assert advice(daily).select("account_id", "rank", "metric").rows() == [
        ("a", 1, "complaint_rate"),
        ("a", 2, "hard_bounce_rate"),
        ("b", 1, "hard_bounce_rate"),
    ]


def test_names_from_outside_are_cut_and_keep_no_line_breaks() -> None:
    """A campaign's name is hostile input."""
    daily = steady("a", days=DAYS, sent=1_000, hard_bounces=100)
    hostile = slices("""
        day        | by       | value | sent  | hard_bounces
        2026-01-10 | campaign | x     | 10000 | 2900
    """).with_columns(value=pl.lit("one\ntwo\u202e" + "x" * 200))
    told = advice(daily, hostile)["what"].to_list()
    assert told == ["Campaign one two " + "x" * 72]


def test_every_enforced_metric_has_a_next_step_and_no_other() -> None:
    """Opens and clicks inform: nobody is told to mend them."""
    enforced = {name for name, metric in METRICS.items() if metric.is_enforced}
    assert {metric for metric, by in NEXT_STEPS if by is None} == enforced
    assert {metric for metric, _ in NEXT_STEPS} == enforced


def test_every_bounce_reason_has_words_for_people() -> None:
    """A shop owner reads why mail bounced, not what we call it."""
    assert tuple(BOUNCE_WORDS) == BOUNCE_REASONS
