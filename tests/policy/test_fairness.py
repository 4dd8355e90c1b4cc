"""Accounts that are equally well should be in stages equally often, in whatever group."""

import polars as pl

from deliverlab.policy.fairness import Fairness, fairness
from deliverlab.schemas import NOT_ENOUGH_MAIL


def accounts(n: int, *, staged: int, grade: str, band: str, industry: str | None = "Retail") -> pl.DataFrame:
    """So many accounts alike, the first of them in a stage."""
    return pl.DataFrame(
        {
            "grade": [grade] * n,
            "is_staged": [place < staged for place in range(n)],
            "band": [band] * n,
            "industry": pl.Series([industry] * n, dtype=pl.String),
            "tier": ["pro"] * n,
        }
    )


def row(found: pl.DataFrame, by: str, value: str, *, is_poor: bool) -> dict[str, object]:
    """The one row of a group."""
    return found.filter(pl.col("by") == by, value=value, is_poor=is_poor).row(0, named=True)


def test_a_group_is_measured_against_the_others_that_are_as_well_as_it() -> None:
    """Poor with poor, others with others: small accounts being poor more often makes no policy unfair."""
    found = fairness(
        pl.concat(
            [
                accounts(40, staged=20, grade="poor", band="<1k"),
                accounts(10, staged=5, grade="poor", band="1M+"),
                accounts(10, staged=0, grade="good", band="<1k"),
                accounts(90, staged=0, grade="excellent", band="1M+"),
            ]
        )
    )
    small = row(found, "band", "<1k", is_poor=True)

    assert Fairness.is_valid(found)
    assert (small["accounts"], small["in_stage"], small["share"], small["other_share"]) == (40, 20, 0.5, 0.5)
    assert not found["stands_out"].any()


def test_a_group_that_is_stopped_more_often_though_well_stands_out() -> None:
    """Of the healthy accounts of one industry a fifth is in a stage, of all others none."""
    found = fairness(
        pl.concat(
            [
                accounts(50, staged=10, grade="good", band="<1k", industry="Travel"),
                accounts(200, staged=0, grade="good", band="<1k"),
            ]
        )
    )

    assert row(found, "industry", "Travel", is_poor=False)["stands_out"]
    assert row(found, "industry", "Retail", is_poor=False)["stands_out"]
    assert row(found, "industry", "Travel", is_poor=False)["other_share"] == 0.0


def test_a_few_accounts_never_stand_out() -> None:
    """Two of two in a stage beside half of forty is nothing that chance would not do."""
    found = fairness(
        pl.concat(
            [
                accounts(2, staged=2, grade="poor", band="<1k"),
                accounts(40, staged=20, grade="poor", band="1M+"),
            ]
        )
    )

    assert not found["stands_out"].any()


def test_whom_nobody_can_judge_is_left_out_and_so_is_a_group_without_a_name() -> None:
    """Too little mail is no good health; accounts without an industry are no industry."""
    found = fairness(
        pl.concat(
            [
                accounts(3, staged=1, grade=NOT_ENOUGH_MAIL, band="<1k"),
                accounts(3, staged=1, grade="poor", band="1k-10k", industry=None),
            ]
        )
    )

    assert found["by"].unique(maintain_order=True).to_list() == ["band", "tier"]
    assert found.filter(pl.col("value") == "<1k").is_empty()
    assert found["other_share"].is_null().all()
    assert not found["stands_out"].any()
