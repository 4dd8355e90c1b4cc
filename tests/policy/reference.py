"""The slow, obvious twin of the simulator: dicts, loops and dates, written from the semantics alone.

It shares no code with the package, so that a mistake has to be made twice to go unseen. It reads in the order
of the semantics: the policy and its defaults, the scenario, the days, the window, the rules, the peers, and
what comes out. It trusts its input, for the doors of the package are tested elsewhere.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, timedelta
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Row = dict[str, Any]

DAY = timedelta(days=1)
GOOD = 0  # stages are numbers here: good, then the policy's own in their order

COUNTS = (
    "sent", "delivered", "hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks",
    "late_hard_bounces", "late_complaints",
)  # fmt: skip
NUMBERS = ("events", "trials", "rate", "limit", "evidence", "peer_rate", "sent")  # what a transition quotes


class Answer(NamedTuple):
    """What a simulation returns, each table as rows sorted by its key."""

    transitions: list[Row]
    outcomes: list[Row]
    standing: list[Row]


class Tables(NamedTuple):
    """The history, as rows."""

    daily: Sequence[Row]
    accounts: Sequence[Row]
    peer_rates: Sequence[Row] = ()
    reviews: Sequence[Row] = ()
    enforcement: Sequence[Row] = ()


class Notes(NamedTuple):
    """The diary of every day, each table as rows sorted by its key."""

    days: list[Row]
    readings: list[Row]


def simulate(
    policy: Row, scenario: Row, tables: Tables, *, until: date | None = None, start: Sequence[Row] = ()
) -> Answer:
    """Every account in scope, one after the other, each from its first day or from where `start` left it."""
    answer, until = Answer([], [], []), until or max(row["day"] for row in tables.daily)
    for ladder, lived in lives(policy, scenario, tables, until=until, start=start):
        answer.transitions.extend(ladder.transitions)
        answer.outcomes.append(ladder.outcome(lived))
        answer.standing.append(ladder.standing(until))
    return answer


def diary(policy: Row, scenario: Row, tables: Tables) -> Notes:
    """What every rule saw of every account on every day, and what became of its mail."""
    notes, until = Notes([], []), max(row["day"] for row in tables.daily)
    for ladder, lived in lives(policy, scenario, tables, until=until):
        notes.days.extend(ladder.noted_day(day) for day in lived)
        notes.readings.extend(
            ladder.noted_reading(day, verdict) for day in lived for verdict in ladder.seen[day]
        )
    return notes


def lives(
    policy: Row, scenario: Row, tables: Tables, *, until: date, start: Sequence[Row] = ()
) -> Iterator[tuple[Ladder, list[date]]]:
    """Every account in scope on the ladder, when it has lived all of its days, and those days."""
    policy = with_defaults(policy)
    scenario = scenario | {"effect": NO_EFFECT | scenario.get("effect", {})}
    for account in sorted(tables.accounts, key=lambda row: str(row["account_id"])):
        if policy["tiers"] and account["tier"] not in policy["tiers"]:
            continue
        ladder = Ladder(policy, scenario, tables, account)
        begun = [row for row in start if row["account_id"] == account["account_id"]]
        if begun:
            ladder.resume(begun[0])
            first = begun[0]["as_of"] + DAY
        elif ladder.mail and min(ladder.mail) <= until:
            ladder.fresh = first = min(ladder.mail)
        else:
            continue
        lived = days(first, until)
        for day in lived:
            ladder.live(day)
        yield ladder, lived


def days(first: date, last: date) -> list[date]:
    """Every calendar day from the first to the last, both included."""
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]


# 1. The policy.

METRICS = {  # numerator, denominator, whether high is bad
    "hard_bounce_rate": ("hard_bounces", "sent", True),
    "soft_bounce_rate": ("soft_bounces", "sent", True),
    "complaint_rate": ("complaints", "delivered", True),
    "unsubscribe_rate": ("unsubscribes", "delivered", True),
    "open_rate": ("opens", "delivered", False),
    "click_rate": ("clicks", "delivered", False),
    "click_to_open_rate": ("clicks", "opens", False),
}


def with_defaults(policy: Row) -> Row:
    """The policy with everything said that its file may leave out."""
    stages = [
        {"send_share": 1.0, "grace_days": None, "lasts_days": None, "clears_on": None} | stage
        for stage in policy["stages"]
    ]
    rule_defaults = {
        "min_sent": 0, "min_events": 0, "z": 0.0, "enters": stages[0]["name"], "climbs": True,
        "window": policy["window"], "overrides": [], "tolerate": 2.0, "detect": 5.0, "cap": math.log(20),
        "min_ratio": 0.0, "clean_limit": None,
    }  # fmt: skip
    ladder_defaults = {
        "escalates_when": "unreviewed", "clears_on": ["review"], "recovery_days": 7, "remembers_days": 0,
        "reviews_lift_last": True, "quiet_days": "break", "remembers": "last", "forgets_after": "days",
    }  # fmt: skip
    return {
        "tiers": policy.get("tiers", []),
        "window": {"lag_days": 2, "fresh_after": ["notice", "clear"]} | policy["window"],
        "denominators": policy.get("denominators", {}),
        "rules": [rule_defaults | rule for rule in policy.get("rules", [])],
        "stages": [{"name": "good", "send_share": 1.0, "clears_on": []}, *stages],
        "ladder": ladder_defaults | policy.get("ladder", {}),
    }


def limit_of(rule: Row, *, industry: str, band: str) -> float:
    """The most specific limit that fits: both keys, else the industry's, else the band's, else the rule's."""
    for wanted in ({"industry": industry, "band": band}, {"industry": industry}, {"band": band}):
        for override in rule["overrides"]:
            if {key: override[key] for key in ("industry", "band") if key in override} == wanted:
                return float(override["limit"])
    return float(rule["limit"])


# 2. The scenario.

NO_EFFECT = dict.fromkeys(
    ("volume", "hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks"), 1.0
)


def with_effect(counts: Mapping[str, int], effect: Mapping[str, float]) -> dict[str, float]:
    """What an effect leaves of counts; the hard bounces that it avoids are not sent."""
    volume = effect["volume"]
    left = {
        "sent": volume * (counts["sent"] - (1 - effect["hard_bounces"]) * counts["hard_bounces"]),
        "delivered": volume * counts["delivered"],
        "late_hard_bounces": volume * effect["hard_bounces"] * counts["late_hard_bounces"],
        "late_complaints": volume * effect["complaints"] * counts["late_complaints"],
    }
    for column in ("hard_bounces", "soft_bounces", "complaints", "unsubscribes", "opens", "clicks"):
        left[column] = volume * effect[column] * counts[column]
    return left


def is_answered(scenario: Row, *, account_id: str, notice: int, stage: int) -> bool:
    """Whether the account answers this notice into this stage."""
    if scenario["review"]["mode"] == "after":
        return True
    if scenario["review"]["mode"] != "chance":
        return False
    drawn = blake2b(f"{scenario['seed']}\x1f{account_id}\x1f{notice}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") / 2**64 < float(scenario["review"]["chance"][stage - 1])


# 3. The days, and with them the windows and rules that look at one account.


class Ladder:
    """One account on the ladder: what it did, where it stands, and what came of it."""

    def __init__(self, policy: Row, scenario: Row, tables: Tables, account: Row) -> None:
        self.policy = policy
        self.scenario = scenario
        self.account_id: str = account["account_id"]
        self.industry: str = account["industry"] or "unknown"
        self.mail = {row["day"]: row for row in tables.daily if row["account_id"] == self.account_id}
        self.peer_rates = [row for row in tables.peer_rates if row["industry"] == self.industry]
        self.really_reviewed = {
            row["reviewed_on"] for row in tables.reviews
            if row["account_id"] == self.account_id and row["outcome"] == "completed"
        }  # fmt: skip
        self.real_blocks = [
            row for row in tables.enforcement
            if row["account_id"] == self.account_id and row["send_share"] == 0
        ]  # fmt: skip

        self.stage = GOOD
        self.entered: date | None = None
        self.cleared: date | None = None
        self.last_left: int | None = None
        self.fresh = date.min
        self.clean_streak = 0
        self.evidence = {rule["name"]: 0.0 for rule in policy["rules"] if rule["kind"] == "evidence"}
        self.effect_from: date | None = None
        self.reviews_due: set[date] = set()
        self.notices = 0
        self.terms: dict[date, tuple[float, bool]] = {}  # each day's send share, and whether an effect holds

        self.transitions: list[Row] = []
        self.reviews = 0
        self.stage_held: dict[date, int] = {}
        self.days_reviewed: set[date] = set()
        self.seen: dict[date, list[Row]] = {}  # what the rules see on each day

    def live(self, day: date) -> None:
        """One day, in the order of its steps."""
        self.stage_held[day] = self.stage
        self.terms[day] = self.terms_on(day)
        reviewed = self.is_review_completed(day)
        self.reviews += reviewed
        self.days_reviewed |= {day} if reviewed else set()
        self.add_evidence(day)
        if reviewed and self.may_be_lifted():
            self.seen[day] = self.judge_all(day)
            self.clear(day, cause="review")
            return
        if reviewed and self.stage != GOOD and "accepted" in self.policy["window"]["fresh_after"]:
            self.clean_streak = 0
            self.begin_effect(day)
            self.start_window(day)
            self.seen[day] = self.judge_all(day)
            return
        verdicts = self.seen[day] = self.judge_all(day)
        breaches = [verdict for verdict in verdicts if verdict["is_breached"]]
        if breaches or any(verdict["is_unclean"] for verdict in verdicts):
            self.clean_streak = 0
        else:
            has_mail = self.effective(self.window(self.policy["window"], day))["sent"] > 0
            self.count_clean_day("mail" if has_mail else self.policy["ladder"]["quiet_days"])
        ladder = self.policy["ladder"]
        is_healed = self.stage == GOOD and self.clean_streak >= ladder["remembers_days"]
        if ladder["forgets_after"] == "clean days" and is_healed:
            self.last_left = None
        self.move(day, breaches)

    def count_clean_day(self, what: str) -> None:
        """Step 3: a day without a breach, with mail in the window or else as the policy counts quiet days."""
        if what in ("mail", "count"):
            self.clean_streak += 1
        elif what == "break":
            self.clean_streak = 0

    def terms_on(self, day: date) -> tuple[float, bool]:
        """Step 1: the share of the day's mail that is let through, and whether an effect holds on it."""
        has_effect = self.effect_from is not None and self.effect_from <= day
        return float(self.policy["stages"][self.stage]["send_share"]), has_effect

    def is_review_completed(self, day: date) -> bool:
        """Step 2: whether a contact review completes today, whatever it changes."""
        if self.scenario["review"]["mode"] in ("historical", "given"):
            return day in self.really_reviewed
        return day in self.reviews_due

    def may_be_lifted(self) -> bool:
        """Step 2: whether a review clears the stage that the account is in."""
        return "review" in self.ways_out()

    def ways_out(self) -> list[str]:
        """What the stage says of leaving it, else the ladder; which lets few ways lead out of the last."""
        ladder, own = self.policy["ladder"], self.policy["stages"][self.stage]["clears_on"]
        if own is not None:
            return list(own)
        ways = list(ladder["clears_on"])
        if self.stage == self.last_stage:
            ways = [way for way in ways if way == "review" and ladder["reviews_lift_last"]]
        return ways

    @property
    def last_stage(self) -> int:
        """The highest stage."""
        return len(self.policy["stages"]) - 1

    def stage_number(self, name: str) -> int:
        """Where the stage stands on the ladder."""
        return [stage["name"] for stage in self.policy["stages"]].index(name)

    def move(self, day: date, breaches: list[Row]) -> None:
        """Step 4: at most one transition."""
        ladder, stage = self.policy["ladder"], self.policy["stages"][self.stage]
        top = max((self.stage_number(breach["rule"]["enters"]) for breach in breaches), default=GOOD)
        if self.stage == GOOD:
            if breaches:
                self.notice(day, max(top, self.remembered(day, breaches)), cause="breach", breaches=breaches)
            return
        assert self.entered is not None
        spent = (day - self.entered).days
        if stage["lasts_days"] is not None and spent >= stage["lasts_days"]:
            self.clear(day, cause="expired")
        elif top > self.stage:
            if ladder["remembers"] == "highest":
                top = max(top, self.remembered(day, breaches))
            self.notice(day, top, cause="breach", breaches=breaches)
        elif (
            self.stage != self.last_stage
            and stage["grace_days"] is not None
            and spent >= stage["grace_days"]
            and (ladder["escalates_when"] == "unreviewed" or breaches)
        ):
            cause = "unreviewed" if ladder["escalates_when"] == "unreviewed" else "breach"
            self.notice(day, self.stage + 1, cause=cause, breaches=breaches)
        elif "recovery" in self.ways_out() and self.clean_streak >= ladder["recovery_days"]:
            self.clear(day, cause="recovery")

    def remembered(self, day: date, breaches: list[Row]) -> int:
        """The stage after the one last left, if it was left lately and a breached rule climbs."""
        if not self.has_memory(day):
            return GOOD
        if not any(breach["rule"]["climbs"] for breach in breaches):
            return GOOD
        assert self.last_left is not None
        return min(self.last_left + 1, self.last_stage)

    def has_memory(self, day: date) -> bool:
        """Whether the stage last left still counts: so many days long, or until so many were clean."""
        ladder = self.policy["ladder"]
        if self.cleared is None or self.last_left is None:
            return False
        if ladder["forgets_after"] == "clean days":
            return bool(ladder["remembers_days"] > 0)
        return bool((day - self.cleared).days <= ladder["remembers_days"])

    def notice(self, day: date, stage: int, *, cause: str, breaches: list[Row]) -> None:
        """The account is told, and stands in a worse stage from tomorrow."""
        self.record(
            day, stage, cause=cause, named=named_breach(breaches, self.stage_name(stage), cause=cause)
        )
        self.stage, self.entered, self.clean_streak = stage, day, 0
        self.notices += 1
        if is_answered(self.scenario, account_id=self.account_id, notice=self.notices, stage=stage):
            self.reviews_due.add(day + self.scenario["review"]["after_days"] * DAY)
        self.refresh(cause, day)

    def begin_effect(self, day: date) -> None:
        """From tomorrow, and once: a second review does not compound, and history holds its own."""
        if self.effect_from is None and self.scenario["review"]["mode"] != "historical":
            self.effect_from = day + DAY

    def clear(self, day: date, *, cause: str) -> None:
        """The account is in good standing again from tomorrow."""
        self.record(day, GOOD, cause=cause, named=None)
        if cause == "review":
            self.begin_effect(day)
        left = [self.stage]
        if self.policy["ladder"]["remembers"] == "highest" and self.has_memory(day):
            assert self.last_left is not None
            left.append(self.last_left)
        self.cleared, self.last_left = day, max(left)
        self.stage, self.entered, self.clean_streak = GOOD, None, 0
        self.reviews_due = set()
        self.refresh(cause, day)

    def refresh(self, cause: str, day: date) -> None:
        """The window starts anew tomorrow, and the evidence with it, if the policy says so."""
        occasion = "notice" if cause in ("breach", "unreviewed") else "clear"
        if {cause, occasion} & set(self.policy["window"]["fresh_after"]):
            self.start_window(day)

    def start_window(self, day: date) -> None:
        """Only mail from tomorrow on counts, and says anything."""
        self.fresh = day + DAY
        self.evidence = dict.fromkeys(self.evidence, 0.0)

    def stage_name(self, stage: int) -> str:
        """What the policy calls the stage."""
        return str(self.policy["stages"][stage]["name"])

    # 4. The window.

    def window(self, size: Row, day: date) -> list[date]:
        """The days that count on `day`, oldest first; a rule's own window has the policy's lag."""
        end = day - self.policy["window"]["lag_days"] * DAY
        if end < self.fresh:
            return []
        if "days" in size:
            return days(max(self.fresh, end - (size["days"] - 1) * DAY), end)
        first = end
        while first > self.fresh and self.effective(days(first, end))["sent"] < size["sends"]:
            first -= DAY
        return days(first, end)

    def effective(self, window: Iterable[date]) -> dict[str, float]:
        """What was let through: whole numbers by run of equal terms, then the effect, then the share."""
        total = dict.fromkeys(COUNTS, 0.0)
        for (share, has_effect), run in groupby(window, key=self.terms.__getitem__):
            for column, count in self.offered(run, has_effect=has_effect).items():
                total[column] += count * share
        return total

    def offered(self, run: Iterable[date], *, has_effect: bool) -> dict[str, float]:
        """What the account would have sent, had nothing been held."""
        return with_effect(self.historical(run), self.scenario["effect"] if has_effect else NO_EFFECT)

    def historical(self, run: Iterable[date]) -> dict[str, int]:
        """What there was; a day without a row is a day without mail."""
        rows = [self.mail[day] for day in run if day in self.mail]
        return {column: sum([row[column] for row in rows]) for column in COUNTS}

    # 5. The rules.

    def judge_all(self, day: date) -> list[Row]:
        """What every rule sees today."""
        return [self.judge(rule, day) for rule in self.policy["rules"]]

    def judge(self, rule: Row, day: date) -> Row:
        """The rule's numbers, whether it breaches today and whether the day is at least not clean by it."""
        verdict: Row = dict.fromkeys(NUMBERS) | {"rule": rule, "window_from": None}
        verdict |= {"is_silent": True, "is_breached": False, "is_unclean": False}
        limit = limit_of(rule, industry=self.industry, band=self.band(day))
        peer_rate = None
        if rule["kind"] != "rate":
            peers = self.peers(rule["metric"], day)
            if peers is None:
                return verdict
            peer_rate = peers["rate"]
            if rule["kind"] == "peer":
                limit = min(limit * peer_rate, 1.0)
        window = self.window(rule["window"], day)
        if not window:
            return verdict | {"peer_rate": peer_rate}
        counts = self.effective(window)
        events, trials = self.fraction(rule["metric"], counts)
        evidence = None
        if rule["kind"] == "evidence":
            evidence = self.evidence[rule["name"]]
            is_beyond_limit = evidence > limit and events >= rule["min_ratio"] * peer_rate * trials
            is_unclean = False
        else:
            is_high_bad = METRICS[rule["metric"]][2]
            is_beyond_limit = is_beyond(events, trials, limit, z=rule["z"], is_high_bad=is_high_bad)
            clean = rule["clean_limit"]
            if clean is not None and rule["kind"] == "peer":
                clean = min(clean * peer_rate, 1.0)
            is_unclean = clean is not None and is_beyond(
                events, trials, clean, z=rule["z"], is_high_bad=is_high_bad
            )
        has_enough = counts["sent"] >= rule["min_sent"] and events >= rule["min_events"]
        return verdict | {
            "window_from": window[0],
            "is_silent": not has_enough or trials <= 0,
            "is_breached": has_enough and is_beyond_limit,
            "is_unclean": has_enough and is_unclean,
            "events": events,
            "trials": trials,
            "rate": events / trials if trials > 0 else None,
            "limit": limit,
            "evidence": evidence,
            "peer_rate": peer_rate,
            "sent": counts["sent"],
        }

    def fraction(self, metric: str, counts: Mapping[str, float]) -> tuple[float, float]:
        """The metric's numerator and denominator."""
        numerator, denominator, _ = METRICS[metric]
        return counts[numerator], counts[self.policy["denominators"].get(metric, denominator)]

    def add_evidence(self, day: date) -> None:
        """The newest day that counts adds what it says to each evidence rule's sum."""
        end = day - self.policy["window"]["lag_days"] * DAY
        for rule in self.policy["rules"]:
            peers = self.peers(rule["metric"], day) if rule["kind"] == "evidence" else None
            if peers is not None and end >= self.fresh:
                events, trials = self.fraction(rule["metric"], self.effective([end]))
                said = log_likelihood_ratio(rule, events, trials * peers["rate"], shape=peers["shape"])
                before = self.evidence[rule["name"]]
                self.evidence[rule["name"]] = max(0.0, before + min(said, rule["cap"]))

    # 6. The peers.

    def band(self, day: date) -> str:
        """The volume band, by what was historically sent in the thirty days before."""
        before = days(day - 30 * DAY, day - DAY)
        sent = sum(self.mail[past]["sent"] for past in before if past in self.mail)
        if sent < 1_000:
            return "<1k"
        if sent < 10_000:
            return "1k-10k"
        if sent < 100_000:
            return "10k-100k"
        return "100k-1M" if sent < 1_000_000 else "1M+"

    def peers(self, metric: str, day: date) -> Row | None:
        """The row of peer rates that is valid for the account today; its own rows come first."""
        band = self.band(day)
        for owner in (self.account_id, None):
            valid = [
                row for row in self.peer_rates
                if row["account_id"] == owner and row["metric"] == metric and row["band"] == band
                and row["effective_from"] <= day
            ]  # fmt: skip
            if valid:
                return max(valid, key=lambda row: row["effective_from"])
        return None

    # 7. What comes out, and how to go on from it; 9. what was really observed.

    def record(self, day: date, to_stage: int, *, cause: str, named: Row | None) -> None:
        """Write the transition down, with the numbers of the breach that it names."""
        self.transitions.append(
            {
                "account_id": self.account_id,
                "day": day,
                "from_stage": self.stage_name(self.stage),
                "to_stage": self.stage_name(to_stage),
                "cause": cause,
                "rule": named["rule"]["name"] if named else None,
            }
            | {number: named[number] if named else None for number in NUMBERS}
        )

    def outcome(self, simulated: list[date]) -> Row:
        """What the simulation did to the account."""
        held_days = Counter(self.stage_held[day] for day in simulated)
        notices = [step for step in self.transitions if step["to_stage"] != "good"]
        sending = [
            day for day in simulated
            if self.terms[day][0] > 0 and (self.is_really_blocked(day) or self.historical([day])["sent"] > 0)
        ]  # fmt: skip
        return {
            "account_id": self.account_id,
            "final_stage": self.stage_name(self.stage),
            "days_in_stage": [
                {"stage": stage["name"], "days": held_days[number]}
                for number, stage in enumerate(self.policy["stages"])
            ],
            "first_notice_on": notices[0]["day"] if notices else None,
            "notices": len(notices),
            "reviews": self.reviews,
            "sending_days": len(sending),
            "identified_days": sum(not self.is_really_blocked(day) for day in sending),
        } | self.sent_and_held(simulated)

    def sent_and_held(self, simulated: list[date]) -> dict[str, float]:
        """Each column's mail let through and held back, by run of equal terms."""
        sums = {f"{column}_{fate}": 0.0 for column in COUNTS for fate in ("sent", "held")}
        for (share, has_effect), run in groupby(simulated, key=self.terms.__getitem__):
            for column, count in self.offered(run, has_effect=has_effect).items():
                sums[f"{column}_sent"] += count * share
                sums[f"{column}_held"] += count - count * share
        return sums

    def noted_day(self, day: date) -> Row:
        """The stage held on a day, whether a review was completed, and what became of the day's mail."""
        noted = {
            "account_id": self.account_id,
            "day": day,
            "stage": self.stage_name(self.stage_held[day]),
            "is_reviewed": day in self.days_reviewed,
        }
        return noted | self.sent_and_held([day])

    def noted_reading(self, day: date, verdict: Row) -> Row:
        """What a rule saw on a day."""
        seen = ("window_from", *NUMBERS, "is_silent", "is_breached", "is_unclean")
        named = {"account_id": self.account_id, "day": day, "rule": verdict["rule"]["name"]}
        return named | {name: verdict[name] for name in seen}

    def is_really_blocked(self, day: date) -> bool:
        """Whether the account's mail was really held back on the day."""
        return any(
            row["from_day"] <= day and (row["to_day"] is None or day <= row["to_day"])
            for row in self.real_blocks
        )

    def standing(self, as_of: date) -> Row:
        """Everything that the days after `as_of` need to know of the account."""
        terms = self.terms | {as_of + DAY: self.terms_on(as_of + DAY)}
        known = [day for day in days(self.fresh, as_of + DAY) if day in terms]
        runs = groupby(known, key=terms.__getitem__)
        return {
            "account_id": self.account_id,
            "as_of": as_of,
            "stage": self.stage_name(self.stage),
            "entered_on": self.entered,
            "cleared_on": self.cleared,
            "last_left": None if self.last_left is None else self.stage_name(self.last_left),
            "fresh_from": self.fresh,
            "clean_streak": self.clean_streak,
            "notices": self.notices,
            "effect_from": self.effect_from,
            "reviews_due": sorted(due for due in self.reviews_due if due > as_of),
            "evidence": [{"rule": rule, "sum": total} for rule, total in self.evidence.items()],
            "runs": [
                {"from_day": next(run), "send_share": share, "has_effect": has_effect}
                for (share, has_effect), run in runs
            ],
        }

    def resume(self, standing: Row) -> None:
        """Stand where the account stood at the end of the day `as_of`."""
        self.stage = self.stage_number(standing["stage"])
        self.entered = standing["entered_on"]
        self.cleared = standing["cleared_on"]
        self.last_left = standing["last_left"] and self.stage_number(standing["last_left"])
        self.fresh = standing["fresh_from"]
        self.clean_streak = standing["clean_streak"]
        self.notices = standing["notices"]
        self.effect_from = standing["effect_from"]
        self.reviews_due = set(standing["reviews_due"])
        self.evidence = {entry["rule"]: entry["sum"] for entry in standing["evidence"]}
        for run in standing["runs"]:  # a later run overwrites the days from its own first one on
            for day in days(run["from_day"], standing["as_of"]):
                self.terms[day] = run["send_share"], run["has_effect"]


def is_beyond(events: float, trials: float, limit: float, *, z: float, is_high_bad: bool) -> bool:
    """Whether a rate is beyond its limit, by so many standard errors where evidence is demanded."""
    if not trials > 0:
        return False
    if z == 0:
        return events / trials > limit if is_high_bad else events / trials < limit
    beyond = events - trials * limit if is_high_bad else trials * limit - events
    return beyond > z * math.sqrt(trials * limit * (1 - limit))


def log_likelihood_ratio(rule: Row, events: float, expected: float, *, shape: float | None) -> float:
    """How much likelier a day's events are at `detect` times the peers' rate than at `tolerate` times."""
    tolerate, detect = rule["tolerate"], rule["detect"]
    if shape is None:
        return float(events * math.log(detect / tolerate) - expected * (detect - tolerate))
    fade = math.log((shape + tolerate * expected) / (shape + detect * expected))
    return float(events * math.log(detect / tolerate) + (events + shape) * fade)


def named_breach(breaches: list[Row], entered: str, *, cause: str) -> Row | None:
    """The breach that a transition names: the first that leads there, else that climbs, else the first."""
    if cause != "breach":
        return None
    leading = [breach for breach in breaches if breach["rule"]["enters"] == entered]
    climbing = [breach for breach in breaches if breach["rule"]["climbs"]]
    return (leading or climbing or breaches)[0]
