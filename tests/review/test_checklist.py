"""The checklist: its groups, what it adds up to, and its hash."""

import polars as pl
import pytest

from deliverlab.review.checklist import checklist_groups, checklist_hash, checklist_summary
from deliverlab.review.decisions import contact_decisions
from tests.review.lists import AS_OF, contacts_with
from tests.tables import table

LIST = contacts_with(
    {}, {"consent": "none"}, {"consent": "none", "status": "unsubscribed"}, {"consent_at": None},
)  # fmt: skip


def test_groups_count_the_contacts_of_each_reason() -> None:
    """Only reasons that occur, in the checklist's order, with the share of the whole list."""
    groups = checklist_groups(contact_decisions(LIST, as_of=AS_OF)).collect()
    expected = table("""
        section    | reason                  | decision  | contacts | share | is_already_suppressed
        permission | no_permission           | remove    | 2        | 0.5   | false
        permission | unsubscribed            | remove    | 1        | 0.25  | true
        permission | permission_unverifiable | reconfirm | 1        | 0.25  | false
    """)

    drawn = groups.select(expected.columns).with_columns(pl.col("section", "decision").cast(pl.String))
    assert drawn.rows() == expected.rows()


def test_a_clean_list_has_no_groups() -> None:
    """Where everybody is kept, and where nobody is, there is nothing to do."""
    kept = contact_decisions(contacts_with({}), as_of=AS_OF)

    assert checklist_groups(kept).collect().height == 0
    assert checklist_groups(kept.filter(pl.lit(value=False))).collect().height == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}], (1, 1, 0, 0, 0, False)),
        ([{}, {"status": "complained"}, {"status": "unsubscribed"}], (3, 1, 0, 2, 2, False)),  # no remedy
        ([{"status": "complained"}, {"consent": "none"}], (2, 0, 0, 2, 1, True)),
        ([{"status": "complained"}, {"consent_at": None}], (2, 0, 1, 1, 1, True)),
        ([{"status": "complained", "consent": "none"}], (1, 0, 0, 1, 1, False)),
    ],
)
def test_removing_only_what_is_suppressed_is_no_remedy(
    changes: list[dict[str, str | None]], expected: tuple[object, ...]
) -> None:
    """Contacts that get no mail already are told apart, and a list of only these changes nothing."""
    summary = checklist_summary(contact_decisions(contacts_with(*changes), as_of=AS_OF)).collect()

    assert summary.row(0) == expected


def test_the_hash_names_the_decisions_whatever_their_order() -> None:
    """Same decisions, same hash; another reason, evidence or contact, another hash."""
    decisions = contact_decisions(LIST, as_of=AS_OF).collect()
    others: list[pl.DataFrame | pl.LazyFrame] = [
        contact_decisions(LIST.head(3), as_of=AS_OF),
        decisions.with_columns(evidence=pl.col("evidence").list.reverse()),
        decisions.with_columns(decision=pl.lit("keep")),
    ]

    assert checklist_hash(decisions) == checklist_hash(decisions.reverse().lazy())
    assert len({checklist_hash(decisions), *map(checklist_hash, others)}) == 4


def test_the_hash_stays_what_it_is() -> None:
    """A hash printed last year still names its checklist."""
    row = {
        "account_id": ["a"],
        "email": ["ü@example.com"],
        "decision": ["keep"],
        "reasons": [[]],
        "evidence": [[]],
    }
    empty = {"reasons": pl.List(pl.String), "evidence": pl.List(pl.String)}

    assert checklist_hash(pl.DataFrame(row, schema_overrides=empty)) == (
        "7543aa8ff43bcd4d8e75665d7c5a74c2488e9e3fc6dc6edd2941754db28de89b"
    )
