"""What a comparison comes to, in a paragraph that a person can read out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deliverlab.policy.identified import identified, identified_share

if TYPE_CHECKING:
    import polars as pl

    from deliverlab.policy.simulate import Simulation

    Row = dict[str, Any]


def verdict(differences: pl.DataFrame, *, champion: Simulation, challenger: Simulation) -> list[str]:
    """A sentence each, the answer first: harm, good mail, notices, reviews with intervals; what it rests on.

    A difference whose interval holds zero is not told; where too little was observed, none is.
    """
    rows = {row["measure"]: row for row in differences.iter_rows(named=True) if row["about"] is None}
    theirs, ours = names_of(champion, challenger)
    share = rows["harm_averted_share"]
    harm = rows["harm_averted"] if share["figure"] is None and not share["is_bound"] else share
    least = min(champion, challenger, key=lambda result: identified_share(result.outcomes))
    return [
        _said(harm, f"{ours} averts", f"more harm than {theirs}", f"less harm than {theirs}"),
        _said(rows["good_mail_blocked"], "it blocks", "more good mail", "less good mail"),
        _said(rows["noticed"], "it gives a notice to", "more accounts", "fewer accounts") + _swapped(rows),
        _said(rows["reviews_a_day_mean"], "it brings", "more reviews a day", "fewer reviews a day"),
        f'All this if accounts do as assumed ("{challenger.scenario.name}").',
        identified(least.outcomes),
    ]


def names_of(champion: Simulation, challenger: Simulation) -> tuple[str, str]:
    """What to call two policies, also where both have one name."""
    theirs, ours = champion.policy.name, challenger.policy.name
    return (theirs, ours) if theirs != ours else (f"{theirs} (champion)", f"{ours} (challenger)")


def _said(row: Row, does: str, more: str, less: str) -> str:
    """One sentence on one measure: `does` is who does what, then more or less of what."""
    figure, low, high = row["figure"], row["low"], row["high"]
    is_told = low is not None and high is not None and (low > 0 or high < 0)
    if is_told:
        side = more if low > 0 else less
        ends = sorted((abs(low), abs(high)))
        between = f"{_apart(ends[0], ends[1], row)} {side.split()[0]}"
        instead = "" if figure is None else f"{_beside(row)}, "
        return f"{_begun(does)} {side}: {instead}{between}."
    if figure is None:
        return f"Whether {does} {more}, history cannot show."
    if figure == 0:
        ours = _shown(row["challenger"], row)
        return f"{_begun(does)} neither {more} nor {less.split(maxsplit=1)[0]}: {ours}."
    between = "" if low is None else f", difference {_apart(low, high, row)}"
    return f"Whether {does} {more} cannot be told: {_beside(row)}{between}."


def _beside(row: Row) -> str:
    return f"{_shown(row['challenger'], row)} instead of {_shown(row['champion'], row)}"


def _swapped(rows: dict[str, Row]) -> str:
    noticed, spared = rows["newly_noticed"]["challenger"], rows["newly_spared"]["challenger"]
    return (
        "" if noticed is None else f" Of these {noticed:,.0f} are new, and {spared:,.0f} others are spared."
    )


def _apart(low: float, high: float, row: Row) -> str:
    """Both ends of a difference: between shares it is in points, not in percent of anything."""
    if row["unit"] == "share":
        return f"{100 * low:.1f} to {100 * high:.1f} points"
    return f"{_shown(low, row)} to {_shown(high, row)}"


def _shown(number: float, row: Row) -> str:
    match row["unit"]:
        case "share":
            return f"{number:.1%}"
        case "reviews a day":
            return f"{number:.1f}"
        case _:
            return f"{number:,.0f}"


def _begun(words: str) -> str:
    """The words at the beginning of a sentence; a policy's name stays as it is."""
    return words.replace("it ", "It ", 1) if words.startswith("it ") else words
