"""Tuning from a data directory: the search, what its page shows, and the candidate's file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from deliverlab.pipeline.directory import about, open_history, write_whole
from deliverlab.pipeline.lookup import load_policy, load_scenario, load_search
from deliverlab.pipeline.road import with_peers
from deliverlab.policy.evaluate import RESAMPLES
from deliverlab.policy.filing import policy_text
from deliverlab.policy.identified import identified
from deliverlab.policy.tune import rolling
from deliverlab.policy.tune import tune as search_for
from deliverlab.policy.tune.calibrate import calibrate as calibrate_bands
from deliverlab.policy.tune.search import Constraint, Objective, Search
from deliverlab.policy.tune.sentences import changes
from deliverlab.policy.tune.views import presets, seen_and_later, sensitivity, surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import dataframely as dy
    import polars as pl

    from deliverlab.history import History
    from deliverlab.policy.model import Policy
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.tune.calibrate import Calibration
    from deliverlab.policy.tune.rolling import Origins
    from deliverlab.policy.tune.tuning import Tuning


def tune(
    history: History,
    /,
    *,
    policy: Policy,
    search: Search | str | Path,
    scenario: Scenario,
    objectives: Sequence[Objective] | None = None,
    constraints: Sequence[Constraint] | None = None,
    seed: int | None = None,
    resamples: int = RESAMPLES,
) -> Tuning:
    """What a search over the numbers of a policy finds; see `policy.tune`.

    `search` is a search, the name of one that comes with the package, or a TOML file. What else is given
    stands in place of what the search says. Where the history has no peer rates, monthly ones are computed.
    """
    asked = search_asked(search, objectives=objectives, constraints=constraints, seed=seed)
    return search_for.tune(
        with_peers(history), policy=policy, search=asked, scenario=scenario, resamples=resamples
    )


def search_asked(search: Search | str | Path, /, **changes: object) -> Search:
    """The search, by name or file where it is none yet, with what else is given in place of what it says."""
    asked = search if isinstance(search, Search) else load_search(str(search))
    changed = {name: _dumped(value) for name, value in changes.items() if value is not None}
    if not changed:
        return asked
    return Search.from_data(asked.model_dump(exclude_unset=True) | changed, where=f"search {asked.name}")


def calibrate(
    history: History,
    /,
    *,
    policy: Policy,
    rule: str,
    rate: float,
    between: tuple[float, float],
    scenario: Scenario,
) -> Calibration:
    """The limits of a rule that notice this share of each band; see `policy.tune.calibrate`."""
    return calibrate_bands(
        with_peers(history), policy=policy, rule=rule, rate=rate, between=between, scenario=scenario
    )


def rolling_origins(
    history: History,
    /,
    *,
    policy: Policy,
    search: Search | str | Path,
    scenario: Scenario,
    origins: Sequence[date],
    embargo_days: int = 30,
) -> dy.DataFrame[Origins]:
    """What a search would have chosen on earlier days, and what came of it; see `policy.tune.rolling`."""
    asked = search_asked(search)
    return rolling.rolling_origins(
        with_peers(history),
        policy=policy, search=asked, scenario=scenario, origins=origins, embargo_days=embargo_days,
    )  # fmt: skip


def _dumped(value: object) -> object:
    if isinstance(value, int):
        return value
    return [entry.model_dump(exclude_unset=True) for entry in value]  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What the page of a search shows; nothing is reckoned before it is asked for."""

    tuning: Tuning
    is_synthetic: bool
    is_simulated: bool = True

    @property
    def as_of(self) -> date:
        """The last day that judges."""
        return self.tuning.judging.until

    @property
    def scenario_name(self) -> str:
        """What is assumed of accounts."""
        return self.tuning.seen.scenario.name

    @property
    def policy_title(self) -> str:
        """The champion, with how many of its numbers are inferred."""
        return self.tuning.champion.title

    @property
    def accounts(self) -> pl.DataFrame:
        """Everybody in the history."""
        return self.tuning.seen.history.accounts

    @property
    def identified(self) -> str:
        """How far history can answer about the candidate, in a sentence."""
        if self.tuning.candidate is None:
            return "There is no candidate of which history could tell."
        return identified(self.tuning.comparison.challenger.outcomes)

    @property
    def sentences(self) -> Sequence[str]:
        """The answer, a sentence each."""
        return self.tuning.sentences

    @property
    def changes(self) -> Sequence[str]:
        """What differs from the champion, in words."""
        return changes(self.tuning)

    @property
    def is_found(self) -> bool:
        """Whether there is a policy to take."""
        return self.tuning.chosen is not None

    @property
    def is_split(self) -> bool:
        """Whether the days that judge are not those that were searched."""
        return self.tuning.is_split

    @property
    def chosen(self) -> int | None:
        """The place of the policy to take."""
        return self.tuning.chosen

    @property
    def aims(self) -> Sequence[tuple[str, str]]:
        """Each objective, and whether most or least of it is wanted."""
        return [(objective.measure, objective.aim) for objective in self.tuning.search.objectives]

    @property
    def keys(self) -> Mapping[str, str]:
        """The numbers that vary, as columns are called, and in words."""
        return {vary.name: vary.words for vary in self.tuning.search.vary}

    @property
    def rows(self) -> pl.DataFrame:
        """Every policy tried."""
        return self.tuning.rows

    @property
    def champion_row(self) -> pl.DataFrame:
        """The champion's figures on the same days."""
        return self.tuning.champion_row

    @cached_property
    def presets(self) -> pl.DataFrame:
        """The figures of the policies that come with the package."""
        return presets(self.tuning)

    @property
    def finalists(self) -> pl.DataFrame:
        """The best policies that are allowed, the best first."""
        return self.tuning.finalists

    @cached_property
    def sensitivity(self) -> pl.DataFrame:
        """What each number does by itself."""
        return sensitivity(self.tuning)

    @cached_property
    def surface(self) -> pl.DataFrame:
        """The first objective over the three numbers that it hangs on most."""
        return surface(self.tuning)

    @cached_property
    def seen_and_later(self) -> pl.DataFrame:
        """The first objective on the days searched and on later ones."""
        return seen_and_later(self.tuning)

    @property
    def differences(self) -> pl.DataFrame:
        """Every measure under champion and candidate, on the days that judge."""
        return self.tuning.comparison.differences

    @property
    def names(self) -> tuple[str, str]:
        """What to call champion and candidate."""
        champion, candidate = self.tuning.comparison.policies
        return champion.policy.name, candidate.policy.name


def open_tuning(data: str | Path, /, *, policy: str, search: str, scenario: str, seed: int = 0) -> Tuned:
    """A search over the numbers of a policy on a data directory, for its page."""
    history = with_peers(open_history(data))
    rules = load_policy(policy)
    assumed = load_scenario(scenario, history=history, policy=rules, seed=seed)
    return Tuned(
        tuning=tune(history, policy=rules, search=search, scenario=assumed),
        is_synthetic=bool(about(data).get("is_synthetic")),
    )


def candidate_text(tuning: Tuning, /) -> str | None:
    """The candidate as a file, with the answer above it; none where there is no candidate."""
    if tuning.candidate is None:
        return None
    return policy_text(tuning.candidate, reason=tuning.sentences[0], differs=changes(tuning))


def note_test(tuning: Tuning, /, *, out: str | Path, on: date) -> tuple[Sequence[str], int]:
    """What the days kept for the end say of the candidate, and how often they were opened, this time too.

    Each opening adds a line to `OUT/tuning/tests_opened.jsonl`: after the first, the days are no test any
    more. Raises `PolicyError` where no days are kept, or there is no candidate.
    """
    told = tuning.open_test().sentences
    path = Path(out) / "tuning" / "tests_opened.jsonl"
    before = path.read_text("utf-8") if path.exists() else ""
    line = json.dumps({"on": on.isoformat(), "search": tuning.search.sha256, "said": told[0]})
    write_whole(path, lambda part: part.write_text(f"{before}{line}\n", "utf-8"))
    return told, len(before.splitlines()) + 1
