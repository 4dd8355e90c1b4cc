"""The random worlds are lively: on dull ones any two simulators agree."""

from collections import Counter
from collections.abc import Iterator
from random import Random

from deliverlab.schemas import CAUSES
from tests.policy.answers import answer_of_seed
from tests.policy.reference import Row, with_defaults
from tests.policy.worlds import LOW_IS_BAD, World, random_world

SEEDS = range(500)

DEFAULTS = {  # of the keys that a file may hold; None where there is none
    "tiers": [], "window.days": None, "window.sends": None, "window.lag_days": 2,
    "window.fresh_after": ["notice", "clear"],
    "denominators.hard_bounce_rate": "sent", "denominators.complaint_rate": "delivered",
    "denominators.unsubscribe_rate": "delivered", "denominators.open_rate": "delivered",
    "denominators.click_rate": "delivered", "denominators.click_to_open_rate": "opens",
    "rules.limit": None, "rules.min_sent": 0, "rules.min_events": 0, "rules.z": 0, "rules.enters": None,
    "rules.climbs": True, "rules.min_ratio": 0, "rules.clean_limit": None,
    "rules.window.days": None, "rules.window.sends": None, "rules.basis": "inferred",
    "rules.source": None, "rules.tolerate": 2, "rules.detect": 5, "rules.cap": None,
    "rules.overrides.industry": None, "rules.overrides.band": None, "rules.overrides.limit": None,
    "rules.overrides.basis": "inferred", "rules.overrides.source": None,
    "stages.send_share": 1, "stages.grace_days": None, "stages.lasts_days": None, "stages.basis": "inferred",
    "stages.source": None, "stages.clears_on": None, "ladder.quiet_days": "break",
    "ladder.remembers": "last", "ladder.forgets_after": "days",
    "ladder.escalates_when": "unreviewed", "ladder.clears_on": ["review"], "ladder.recovery_days": 7,
    "ladder.remembers_days": 0, "ladder.reviews_lift_last": True,
    "seed": None, "review.mode": "after", "review.after_days": None, "review.chance": None,
    "effect.volume": 1, "effect.hard_bounces": 1, "effect.soft_bounces": 1, "effect.complaints": 1,
    "effect.unsubscribes": 1, "effect.opens": 1, "effect.clicks": 1,
}  # fmt: skip

HAPPENINGS = {
    *(f"{cause} out of {which} stage" for cause in CAUSES[1:] for which in ("a", "the last")),
    *(f"good to {stage} by breach" for stage in range(1, 6)),
    *(f"{stage} to good by {cause}" for stage in (1, 2) for cause in ("review", "expired", "recovery")),
    *(f"{stage} to {stage + 1} by {cause}" for stage in (1, 2) for cause in ("unreviewed", "breach")),
    "notice at once", "notice by memory", "notice when time is up", "notice over a stage",
    *(
        f"{kind} breach{by_z}, {bad} is bad"
        for kind in ("rate", "peer") for by_z in ("", " by z") for bad in ("high", "low")
    ),
    "evidence breach, high is bad", "breach without trials", "days window", "sends window",
    "held mail", "mail let through in part", "several runs", "effect", "second review", "review for nothing",
    "review pending", "evidence pending", "recovering", "really blocked", "out of scope", "never began",
} - {"unreviewed out of the last stage"}  # fmt: skip


def test_every_key_takes_another_value_than_its_default() -> None:
    """Policies and scenarios of the seeds leave no key out, in whatever table it stands."""
    found = [entry for seed in SEEDS for entry in entries(random_world(Random(seed)))]
    assert {path for path, value in found if path in DEFAULTS and value != DEFAULTS[path]} == set(DEFAULTS)


def test_everything_that_can_happen_happens() -> None:
    """Over the seeds every cause, move, kind of rule and window occurs, and more than once."""
    happened = Counter(happening for seed in SEEDS for happening in happenings(seed))
    assert {happening for happening in HAPPENINGS if happened[happening] < 2} == set()


def entries(world: World) -> Iterator[tuple[str, object]]:
    """Every key of policy and scenario with its value."""
    left: list[tuple[str, object]] = [*world.policy.items(), *world.scenario.items()]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{path}.{key}", entry) for key, entry in value.items()]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            left += [(path, entry) for entry in value]
        else:
            yield path, value


def happenings(seed: int) -> Iterator[str]:
    """What happened in a world, each time that it did."""
    world, answer = random_world(Random(seed)), answer_of_seed(seed)
    policy = with_defaults(world.policy)
    stages = [stage["name"] for stage in policy["stages"]]
    rules = {rule["name"]: rule for rule in policy["rules"]}
    for step in answer.transitions:
        left, entered = stages.index(step["from_stage"]), stages.index(step["to_stage"])
        yield f"{left or 'good'} to {entered or 'good'} by {step['cause']}"
        yield f"{step['cause']} out of {'the last' if left == len(stages) - 1 else 'a'} stage"
        if step["cause"] == "breach":
            rule = rules[step["rule"]]
            yield from breach_happenings(step, rule, left=left, led=stages.index(rule["enters"]))
    for outcome, standing in zip(answer.outcomes, answer.standing, strict=True):
        causes = [row["cause"] for row in answer.transitions if row["account_id"] == outcome["account_id"]]
        happened = {
            "held mail": outcome["sent_held"] > 0,
            "mail let through in part": any(0 < run["send_share"] < 1 for run in standing["runs"]),
            "several runs": len(standing["runs"]) > 1,
            "effect": standing["effect_from"] and world.scenario.get("effect"),
            "second review": causes.count("review") > 1,
            "review for nothing": outcome["reviews"] > causes.count("review"),
            "review pending": standing["reviews_due"],
            "evidence pending": any(entry["sum"] > 0 for entry in standing["evidence"]),
            "recovering": standing["stage"] != "good" and standing["clean_streak"] > 0,
            "really blocked": outcome["identified_days"] < outcome["sending_days"],
        }
        yield from (happening for happening, has_happened in happened.items() if has_happened)
    begun = {row["account_id"] for row in world.daily}
    yield from ["out of scope"] * (len(answer.outcomes) < len(begun))
    yield from ["never began"] * (len(begun) < len(world.accounts))


def breach_happenings(step: Row, rule: Row, *, left: int, led: int) -> Iterator[str]:
    """What a breach shows: its rule leads to stage `led`, and the account left stage `left`."""
    bad = "low" if rule["metric"] in LOW_IS_BAD else "high"
    yield f"{rule['kind']} breach{' by z' if rule['z'] > 0 else ''}, {bad} is bad"
    yield "sends window" if "sends" in rule["window"] else "days window"
    if left and led <= left:
        yield "notice when time is up"
    else:
        yield "notice at once" if rule["enters"] == step["to_stage"] else "notice by memory"
    if led > left + 1:
        yield "notice over a stage"
    if step["rate"] is None:
        yield "breach without trials"
