"""What is recorded of a report, for lists of many: the account's grade in data, not in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deliverlab.schemas import NOT_ENOUGH_MAIL

if TYPE_CHECKING:
    from deliverlab.reports.inputs import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where an account stands, in five facts; it shows itself as JSON."""

    account_id: str
    stage: str
    grade: str
    score: float | None
    worst_metric: str | None

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        facts = asdict(self)
        return {"application/json": facts, "text/plain": repr(facts)}, {}


def verdict(case: Case, /) -> Verdict:
    """The verdict on an account, as its page has it; an account without mail has no grade."""
    scored = next(case.scores.iter_rows(named=True), {})
    return Verdict(
        account_id=case.account["account_id"],
        stage=case.stage["stage"],
        grade=scored.get("grade", NOT_ENOUGH_MAIL),
        score=scored.get("score"),
        worst_metric=scored.get("worst_metric"),
    )
