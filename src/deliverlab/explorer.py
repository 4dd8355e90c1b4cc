"""The explorer: the numbers of a policy under one's hand in JupyterLab, and what follows them."""

from __future__ import annotations

import math
from collections import deque
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from deliverlab.errors import DeliverlabError, PolicyError
from deliverlab.pipeline.road import with_peers
from deliverlab.pipeline.sliders import search_around
from deliverlab.policy.diff import policy_diff
from deliverlab.policy.filing import policy_text
from deliverlab.policy.model import Policy
from deliverlab.policy.sweep.bench import Bench
from deliverlab.policy.tune.points import is_whole, numbers_in, policy_at
from deliverlab.reports import explorer_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deliverlab.history import History
    from deliverlab.policy.scenario import Scenario
    from deliverlab.policy.sweep.bench import Sweep
    from deliverlab.policy.tune.search import Search, Vary
    from deliverlab.reports.explorer_view import Moment

TRAIL = 40  # positions of the hand that are remembered
LOG_STEP = 0.01
MEASURES = ("harm_averted_share", "good_mail_blocked_share", "noticed", "blocked", "reviews_a_day_mean")


class PolicyExplorer:
    """Sliders for the numbers of a policy, with charts that follow them.

    What varies is what a search says may vary; left out: every limit, the window, the days of grace and the
    memory, around where they stand. The policy itself is the one in force, with which each position is
    compared: harm against good mail, accounts by stage and day, who is noticed anew and who is spared.

    `policy` is the policy under the hand, `save` writes it into a file. Saved with the notebook, the charts
    stay as they were.
    """

    def __init__(
        self, history: History, /, *, policy: Policy, scenario: Scenario, search: Search | None = None
    ) -> None:
        known = with_peers(history)
        if known.until is None:
            raise PolicyError(f"policy {policy.name!r}: the history holds no days to try it on")
        self.champion = policy
        self.search = search or search_around(policy)
        self._bench = Bench(known, policy, scenario, known.until)
        self._in_force = self._bench.sweep([policy], says_who=True)
        self._trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)
        self._shown: list[Any] = []
        self.policy = policy
        self.sliders = {vary.name: _slider(vary, policy) for vary in self.search.vary}
        self.message = _widgets().HTML()
        self.moment = self._moment(self._in_force)
        for slider in self.sliders.values():
            slider.observe(self._moved, names="value")

    def set(self, numbers: Mapping[str, float], /) -> None:
        """Move sliders, by the names of their keys, and everything that follows them."""
        for name, number in numbers.items():
            if name not in self.sliders:
                raise PolicyError(f"slider {name!r}, must be one of {', '.join(self.sliders)}")
            self.sliders[name].value = number

    def save(self, path: Path | str, /, *, name: str, reason: str) -> Path:
        """Write the policy under the hand into a file, with its name, the reason and what differs.

        A file that is there already is left alone: `PolicyError`.
        """
        target = Path(path)
        data = self.policy.model_dump(exclude_unset=True) | {"name": name, "source": f"set by hand: {reason}"}
        text = policy_text(
            Policy.from_data(data), reason=reason, differs=policy_diff(self.champion, self.policy)
        )
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise PolicyError(f"{target}: is there already, must be a new file") from None
        return target

    def _moved(self, _: object) -> None:
        """A slider has moved: the policy is another one, and what is shown follows."""
        numbers = [self.sliders[vary.name].value for vary in self.search.vary]
        try:
            self.policy = policy_at(numbers, self.search, self.champion)
        except DeliverlabError as refusal:
            self.message.value = explorer_view.refused(str(refusal)).html
            return
        self.moment = self._moment(self._bench.sweep([self.policy], says_who=True))
        self.message.value = explorer_view.summary(self.moment).html
        for handle, view in zip(self._shown, explorer_view.VIEWS, strict=False):
            handle.update(view(self.moment))

    def _moment(self, swept: Sweep) -> Moment:
        """What one position of the hand comes to."""
        now, before = (each.figures(MEASURES).row(0, named=True) for each in (swept, self._in_force))
        if (position := (now[MEASURES[1]], now[MEASURES[0]])) != (before[MEASURES[1]], before[MEASURES[0]]):
            self._trail.append(position)
        ours, theirs = swept.noticed(0), self._in_force.noticed(0)
        accounts, is_ours, is_theirs = (
            self._bench.history.accounts,
            pl.col("account_id").is_in(ours.implode()),
            pl.col("account_id").is_in(theirs.implode()),
        )
        groups = self._in_force.by_group(0, "noticed")
        return explorer_view.Moment(
            now=now,
            before=before,
            trail=tuple(self._trail),
            stages=self.champion.stage_names,
            by_day=swept.stages_by_day(0),
            newly=accounts.filter(is_ours & ~is_theirs),
            spared=accounts.filter(is_theirs & ~is_ours),
            groups=groups.join(swept.by_group(0, "noticed"), on=["industry", "band"], suffix="_now"),
        )

    def _ipython_display_(self) -> None:
        """The sliders, and below them the charts, which are outputs like any other and stay when saved."""
        from IPython.display import display

        boxes = [_widgets().HBox([slider]) for slider in self.sliders.values()]
        self.message.value = explorer_view.summary(self.moment).html
        display(_widgets().VBox([*boxes, self.message]))  # type: ignore[no-untyped-call]
        self._shown = [
            display(view(self.moment), display_id=True)  # type: ignore[no-untyped-call]
            for view in explorer_view.VIEWS
        ]

    def __repr__(self) -> str:
        """The policy and what varies."""
        return f"PolicyExplorer({self.champion.name}: {', '.join(self.sliders)})"


def _slider(vary: Vary, policy: Policy) -> Any:  # noqa: ANN401  ipywidgets has no types
    """A slider over the range of a number, where the policy has it."""
    widgets = _widgets()
    look = {"description": vary.words, "style": {"description_width": "14em"}, "layout": {"width": "44em"}}
    said = [number for number in numbers_in(policy, vary) if number is not None]
    if vary.values is not None:
        values = sorted({*vary.values, *said[:1]})
        return widgets.SelectionSlider(options=values, value=said[0] if said else values[0], **look)
    least, most = vary.least or 0.0, vary.most or 0.0
    start = min(max(said[0] if said else least, least), most)
    if is_whole(vary):
        return widgets.IntSlider(min=int(least), max=int(most), value=int(start), **look)
    if vary.scale == "log":
        here = math.log10(start)
        below = math.ceil((here - math.log10(least)) / LOG_STEP) * LOG_STEP  # so that the start is on a step
        return widgets.FloatLogSlider(
            min=here - below, max=math.log10(most), step=LOG_STEP, value=start, readout_format=".4g", **look
        )
    step = (most - least) / 100
    return widgets.FloatSlider(min=least, max=most, step=step, value=start, readout_format=".4g", **look)


def _widgets() -> Any:  # noqa: ANN401
    return import_module("ipywidgets")  # brought by those who explore
