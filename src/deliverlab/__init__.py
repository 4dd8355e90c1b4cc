"""deliverlab: mail accounts against their peers, a probation policy over history, reports by the thousand.

The public names stand in the order of the road: read events, count days, compare with peers, judge health,
replay a policy, decide on contacts, open what a page shows.

Importing the package loads none of it: a name brings its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deliverlab import reports as reports
    from deliverlab.errors import DataError as DataError
    from deliverlab.errors import DeliverlabError as DeliverlabError
    from deliverlab.errors import PolicyError as PolicyError
    from deliverlab.events.daily import daily_counts as daily_counts
    from deliverlab.events.read import read_provider as read_provider
    from deliverlab.events.slices import slice_counts as slice_counts
    from deliverlab.health.peers import peer_rates as peer_rates
    from deliverlab.history import History as History
    from deliverlab.pipeline.cases import open_case as open_case
    from deliverlab.pipeline.cases import open_portfolio as open_portfolio
    from deliverlab.pipeline.directory import open_history as open_history
    from deliverlab.pipeline.road import account_health as account_health
    from deliverlab.pipeline.road import simulate as simulate
    from deliverlab.policy.model import Policy as Policy
    from deliverlab.policy.scenario import Scenario as Scenario
    from deliverlab.review.decisions import contact_decisions as contact_decisions

_HOMES = {
    "read_provider": "events.read",
    "daily_counts": "events.daily",
    "slice_counts": "events.slices",
    "peer_rates": "health.peers",
    "History": "history",
    "open_history": "pipeline.directory",
    "account_health": "pipeline.road",
    "Policy": "policy.model",
    "Scenario": "policy.scenario",
    "simulate": "pipeline.road",
    "contact_decisions": "review.decisions",
    "open_portfolio": "pipeline.cases",
    "open_case": "pipeline.cases",
    "DeliverlabError": "errors",
    "DataError": "errors",
    "PolicyError": "errors",
}

__all__ = [*_HOMES, "reports"]  # noqa: PLE0604  the names are listed once


def __getattr__(name: str) -> object:
    if name == "reports":
        return import_module("deliverlab.reports")
    if name in _HOMES:
        return getattr(import_module(f"deliverlab.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'deliverlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
