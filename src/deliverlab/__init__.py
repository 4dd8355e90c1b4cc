"""deliverlab: mail accounts against their peers, a probation policy over history, reports by the thousand.

The public names stand in the order of the road: read events, count days, compare with peers, judge health,
replay a policy, decide on contacts, open what a page shows.

Importing the package loads none of it: a name brings its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverlab import intervals as intervals
    from deliverlab import reports as reports
    from deliverlab import spark as spark
    from deliverlab.errors import DataError as DataError
    from deliverlab.errors import DeliverlabError as DeliverlabError
    from deliverlab.errors import PolicyError as PolicyError
    from deliverlab.events.daily import daily_counts as daily_counts
    from deliverlab.events.proposals import propose_incidents as propose_incidents
    from deliverlab.events.read import read_provider as read_provider
    from deliverlab.events.slices import slice_counts as slice_counts
    from deliverlab.explorer import PolicyExplorer as PolicyExplorer
    from deliverlab.health.fits import fit_beta_binomial as fit_beta_binomial
    from deliverlab.health.fits import fit_gamma_poisson as fit_gamma_poisson
    from deliverlab.health.funnel import funnel_limits as funnel_limits
    from deliverlab.health.funnel import overdispersion as overdispersion
    from deliverlab.health.looks import next_looks as next_looks
    from deliverlab.health.months import months as months
    from deliverlab.health.peers import peer_rates as peer_rates
    from deliverlab.health.published import beside_published as beside_published
    from deliverlab.health.published import own_first as own_first
    from deliverlab.health.published import published_benchmarks as published_benchmarks
    from deliverlab.health.published import published_peer_rates as published_peer_rates
    from deliverlab.health.sensitivity import sensitivity as sensitivity
    from deliverlab.history import History as History
    from deliverlab.pipeline.cases import open_case as open_case
    from deliverlab.pipeline.causal import check_causal as check_causal
    from deliverlab.pipeline.choices import by_parent as by_parent
    from deliverlab.pipeline.choices import in_turn as in_turn
    from deliverlab.pipeline.choices import out_of as out_of
    from deliverlab.pipeline.choices import pooled as pooled
    from deliverlab.pipeline.choices import relabelled as relabelled
    from deliverlab.pipeline.desk import open_desk as open_desk
    from deliverlab.pipeline.directory import open_history as open_history
    from deliverlab.pipeline.effect import review_effect as review_effect
    from deliverlab.pipeline.laboratory import compare as compare
    from deliverlab.pipeline.laboratory import contributions as contributions
    from deliverlab.pipeline.laboratory import evaluate as evaluate
    from deliverlab.pipeline.laboratory import rulebooks as rulebooks
    from deliverlab.pipeline.policies import check_policy as check_policy
    from deliverlab.pipeline.policies import good_account_trips as good_account_trips
    from deliverlab.pipeline.portfolio import open_portfolio as open_portfolio
    from deliverlab.pipeline.precedents import replay_precedents as replay_precedents
    from deliverlab.pipeline.reactions import reaction_band as reaction_band
    from deliverlab.pipeline.replays import open_contest as open_contest
    from deliverlab.pipeline.replays import open_replay as open_replay
    from deliverlab.pipeline.road import account_health as account_health
    from deliverlab.pipeline.road import simulate as simulate
    from deliverlab.pipeline.road import simulate_with_reviewers as simulate_with_reviewers
    from deliverlab.pipeline.tuning import calibrate as calibrate
    from deliverlab.pipeline.tuning import open_tuning as open_tuning
    from deliverlab.pipeline.tuning import rolling_origins as rolling_origins
    from deliverlab.pipeline.tuning import tune as tune
    from deliverlab.pipeline.what_if import what_if as what_if
    from deliverlab.policy.answers import answers as answers
    from deliverlab.policy.beta_binomial import peer_prior as peer_prior
    from deliverlab.policy.diff import policy_diff as policy_diff
    from deliverlab.policy.explain import explain as explain
    from deliverlab.policy.fairness import fairness as fairness
    from deliverlab.policy.filing import policy_text as policy_text
    from deliverlab.policy.model import Policy as Policy
    from deliverlab.policy.pilot import pilot_forecast as pilot_forecast
    from deliverlab.policy.reactions import undo_reactions as undo_reactions
    from deliverlab.policy.recorded import recorded as recorded
    from deliverlab.policy.scenario import Scenario as Scenario
    from deliverlab.policy.steps import explain_steps as explain_steps
    from deliverlab.policy.sweep.bench import Bench as Bench
    from deliverlab.policy.thresholds import published_thresholds as published_thresholds
    from deliverlab.policy.tune.search import Search as Search
    from deliverlab.review.decisions import contact_decisions as contact_decisions
    from deliverlab.sample.precedents import precedents as precedents

_HOMES = {
    "read_provider": "events.read",
    "daily_counts": "events.daily",
    "slice_counts": "events.slices",
    "propose_incidents": "events.proposals",
    "peer_rates": "health.peers",
    "published_benchmarks": "health.published",
    "published_peer_rates": "health.published",
    "own_first": "health.published",
    "beside_published": "health.published",
    "fit_beta_binomial": "health.fits",
    "fit_gamma_poisson": "health.fits",
    "funnel_limits": "health.funnel",
    "overdispersion": "health.funnel",
    "History": "history",
    "open_history": "pipeline.directory",
    "account_health": "pipeline.road",
    "next_looks": "health.looks",
    "sensitivity": "health.sensitivity",
    "months": "health.months",
    "fairness": "policy.fairness",
    "Policy": "policy.model",
    "Scenario": "policy.scenario",
    "published_thresholds": "policy.thresholds",
    "check_policy": "pipeline.policies",
    "good_account_trips": "pipeline.policies",
    "policy_diff": "policy.diff",
    "simulate": "pipeline.road",
    "contributions": "pipeline.laboratory",
    "evaluate": "pipeline.laboratory",
    "compare": "pipeline.laboratory",
    "rulebooks": "pipeline.laboratory",
    "precedents": "sample.precedents",
    "replay_precedents": "pipeline.precedents",
    "simulate_with_reviewers": "pipeline.road",
    "recorded": "policy.recorded",
    "answers": "policy.answers",
    "undo_reactions": "policy.reactions",
    "reaction_band": "pipeline.reactions",
    "check_causal": "pipeline.causal",
    "what_if": "pipeline.what_if",
    "Search": "policy.tune.search",
    "Bench": "policy.sweep.bench",
    "tune": "pipeline.tuning",
    "calibrate": "pipeline.tuning",
    "PolicyExplorer": "explorer",
    "rolling_origins": "pipeline.tuning",
    "policy_text": "policy.filing",
    "relabelled": "pipeline.choices",
    "pooled": "pipeline.choices",
    "out_of": "pipeline.choices",
    "by_parent": "pipeline.choices",
    "in_turn": "pipeline.choices",
    "pilot_forecast": "policy.pilot",
    "peer_prior": "policy.beta_binomial",
    "explain": "policy.explain",
    "explain_steps": "policy.steps",
    "contact_decisions": "review.decisions",
    "review_effect": "pipeline.effect",
    "open_portfolio": "pipeline.portfolio",
    "open_case": "pipeline.cases",
    "open_replay": "pipeline.replays",
    "open_contest": "pipeline.replays",
    "open_tuning": "pipeline.tuning",
    "open_desk": "pipeline.desk",
    "DeliverlabError": "errors",
    "DataError": "errors",
    "PolicyError": "errors",
}

_MODULES = ("intervals", "reports", "spark")  # each used by its own name: `intervals.wilson`

__all__ = [*_HOMES, *_MODULES]  # noqa: PLE0604  the names are listed once


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext deliverlab` does; see `extension`."""
    from deliverlab.extension import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """What `%unload_ext deliverlab` does; see `extension`."""
    from deliverlab.extension import unload

    unload(shell)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"deliverlab.{name}")
    if name in _HOMES:
        return getattr(import_module(f"deliverlab.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deliverlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
