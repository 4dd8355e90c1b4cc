"""What we show: charts, tables and sentences; notebooks run by the batch; pages and their index.

`theme` is the look, `numbers` and modules named `…texts` are the words, `reader` says in whose language;
`render` is how an object shows itself; `charts`, `tables` and `fragments` draw, and so do modules named
`…_chart`, `…_charts` and `…_tables`; those named `…_page` are what pages say. `parameters`, `kernel` and
`run` run notebooks, `making` makes a report of one, `pages`, `index` and `pdf` turn them into HTML and PDF.

What notebooks call is named here and brought when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverlab.reports.account_page import banner as banner
    from deliverlab.reports.account_page import heading as heading
    from deliverlab.reports.account_page import last_month as last_month
    from deliverlab.reports.account_page import sensitivity as sensitivity
    from deliverlab.reports.account_page import snapshot as snapshot
    from deliverlab.reports.account_page import standing as standing
    from deliverlab.reports.account_page import trend as trend
    from deliverlab.reports.account_page import what_next as what_next
    from deliverlab.reports.account_page import what_to_do as what_to_do
    from deliverlab.reports.comparison_page import below_the_line as below_the_line
    from deliverlab.reports.comparison_page import comparison_answer as comparison_answer
    from deliverlab.reports.comparison_page import differences as differences
    from deliverlab.reports.comparison_page import newly_noticed as newly_noticed
    from deliverlab.reports.comparison_page import newly_spared as newly_spared
    from deliverlab.reports.comparison_page import shelf as shelf
    from deliverlab.reports.comparison_page import swap_set as swap_set
    from deliverlab.reports.comparison_page import what_changes as what_changes
    from deliverlab.reports.comparison_page import winners_and_losers as winners_and_losers
    from deliverlab.reports.desk_page import desk_answer as desk_answer
    from deliverlab.reports.desk_page import desk_appeals as desk_appeals
    from deliverlab.reports.desk_page import desk_queue as desk_queue
    from deliverlab.reports.desk_page import desk_reviewers as desk_reviewers
    from deliverlab.reports.desk_page import desk_workload as desk_workload
    from deliverlab.reports.effect_chart import effect_answer as effect_answer
    from deliverlab.reports.effect_chart import effect_table as effect_table
    from deliverlab.reports.effect_chart import event_study as event_study
    from deliverlab.reports.explained_page import explained_steps as explained_steps
    from deliverlab.reports.explained_page import timeline as timeline
    from deliverlab.reports.funnel_chart import funnel as funnel
    from deliverlab.reports.portfolio_page import changes as changes
    from deliverlab.reports.portfolio_page import due as due
    from deliverlab.reports.portfolio_page import first_look as first_look
    from deliverlab.reports.portfolio_page import industries as industries
    from deliverlab.reports.portfolio_page import is_it_fair as is_it_fair
    from deliverlab.reports.portfolio_page import notes as notes
    from deliverlab.reports.portfolio_page import overview as overview
    from deliverlab.reports.portfolio_page import queue as queue
    from deliverlab.reports.portfolio_page import stages as stages
    from deliverlab.reports.portfolio_page import stages_by_grade as stages_by_grade
    from deliverlab.reports.precedents_page import precedents_answer as precedents_answer
    from deliverlab.reports.precedents_page import precedents_by_rulebook as precedents_by_rulebook
    from deliverlab.reports.replay_page import false_trips as false_trips
    from deliverlab.reports.replay_page import figures as figures
    from deliverlab.reports.replay_page import newest_steps as newest_steps
    from deliverlab.reports.replay_page import replay_answer as replay_answer
    from deliverlab.reports.replay_page import stages_over_time as stages_over_time
    from deliverlab.reports.replay_page import whose as whose
    from deliverlab.reports.review_page import checklist as checklist
    from deliverlab.reports.review_page import review_heading as review_heading
    from deliverlab.reports.review_page import to_review as to_review
    from deliverlab.reports.review_page import what_it_changes as what_it_changes
    from deliverlab.reports.review_page import where_from as where_from
    from deliverlab.reports.tuning_page import tuning_answer as tuning_answer
    from deliverlab.reports.tuning_page import tuning_changes as tuning_changes
    from deliverlab.reports.tuning_page import tuning_differences as tuning_differences
    from deliverlab.reports.tuning_page import tuning_finalists as tuning_finalists
    from deliverlab.reports.tuning_page import tuning_front as tuning_front
    from deliverlab.reports.tuning_page import tuning_later as tuning_later
    from deliverlab.reports.tuning_page import tuning_sensitivity as tuning_sensitivity
    from deliverlab.reports.tuning_page import tuning_surface as tuning_surface
    from deliverlab.reports.verdicts import verdict as verdict

_HOMES = {
    "heading": "account_page",
    "banner": "account_page",
    "standing": "account_page",
    "snapshot": "account_page",
    "last_month": "account_page",
    "sensitivity": "account_page",
    "trend": "account_page",
    "what_to_do": "account_page",
    "what_next": "account_page",
    "review_heading": "review_page",
    "to_review": "review_page",
    "what_it_changes": "review_page",
    "where_from": "review_page",
    "checklist": "review_page",
    "overview": "portfolio_page",
    "stages_by_grade": "portfolio_page",
    "queue": "portfolio_page",
    "funnel": "funnel_chart",
    "due": "portfolio_page",
    "first_look": "portfolio_page",
    "industries": "portfolio_page",
    "stages": "portfolio_page",
    "changes": "portfolio_page",
    "is_it_fair": "portfolio_page",
    "notes": "portfolio_page",
    "desk_answer": "desk_page",
    "desk_queue": "desk_page",
    "desk_workload": "desk_page",
    "desk_reviewers": "desk_page",
    "desk_appeals": "desk_page",
    "effect_answer": "effect_chart",
    "effect_table": "effect_chart",
    "event_study": "effect_chart",
    "precedents_answer": "precedents_page",
    "precedents_by_rulebook": "precedents_page",
    "replay_answer": "replay_page",
    "figures": "replay_page",
    "stages_over_time": "replay_page",
    "false_trips": "replay_page",
    "newest_steps": "replay_page",
    "whose": "replay_page",
    "comparison_answer": "comparison_page",
    "swap_set": "comparison_page",
    "winners_and_losers": "comparison_page",
    "differences": "comparison_page",
    "newly_noticed": "comparison_page",
    "newly_spared": "comparison_page",
    "below_the_line": "comparison_page",
    "shelf": "comparison_page",
    "what_changes": "comparison_page",
    "timeline": "explained_page",
    "explained_steps": "explained_page",
    "tuning_answer": "tuning_page",
    "tuning_changes": "tuning_page",
    "tuning_front": "tuning_page",
    "tuning_surface": "tuning_page",
    "tuning_sensitivity": "tuning_page",
    "tuning_later": "tuning_page",
    "tuning_finalists": "tuning_page",
    "tuning_differences": "tuning_page",
    "verdict": "verdicts",
}

__all__ = [*_HOMES]  # noqa: PLE0604  the names are listed once


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"deliverlab.reports.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deliverlab.reports' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
