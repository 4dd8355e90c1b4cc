"""Each finding of the policy check: a smallest policy that has it, and one that has not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

import deliverlab as dl
from deliverlab.pipeline.policies import usual_rates
from deliverlab.policy.check import BY_CHANCE, BY_HISTORY, BY_ITSELF
from deliverlab.policy.checks import chance, ladder, limits, reach, scope
from deliverlab.policy.model import Policy
from deliverlab.policy.trips import Cliffs, GoodTrips, cliffs, good_trips
from deliverlab.schemas import BANDS, PeerRates
from tests.policy.drawn import TWO_STAGES, history, policy
from tests.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deliverlab.policy.checks.findings import Finding

Change = tuple[str, str]
Finds = "Callable[[Policy], Iterator[Finding]]"

RULE = '[[rules]]\nname = "more"\nmetric = "hard_bounce_rate"\nkind = "rate"\n'
LIMIT, PROBATION, HELD = "limit = 0.1", 'name = "probation"', "send_share = 0.0"


def add(text: str, *, before: str = "[[rules]]") -> Change:
    """A change that writes so before the rules."""
    return before, f"{text}\n{before}"


def under(line: str, *more: str) -> Change:
    """A change that writes some lines under one."""
    return line, "\n".join([line, *more])


ALL_DAYS = under("lag_days = 0", "fresh_after = []")
SAME = add('denominators = { complaint_rate = "sent" }', before="[window]")
OTHER = add('denominators = { hard_bounce_rate = "delivered" }', before="[window]")
DOUBLE = add(f"{RULE}limit = 0.2")
GRACE = under(PROBATION, "grace_days = 7")
BREACHING = add('[ladder]\nescalates_when = "breaching"')
STRAIGHT = under(LIMIT, 'enters = "suspended"')
LIGHT = (LIMIT, "limit = 0.1\nmin_sent = 100")

# Which finding, changes that bring it about, where, and changes that do not.
CASES: list[tuple[Finds, list[Change], str, list[Change]]] = [  # type: ignore[valid-type]
    (reach.no_rule, [(TWO_STAGES[TWO_STAGES.index("[[rules]]") : TWO_STAGES.index("[[stages]]")], "")],
     "rules", []),
    (reach.stage_never_reached, [], 'stages[2] "suspended"', [GRACE]),
    (reach.stage_never_reached, [STRAIGHT], 'stages[1] "probation"', [STRAIGHT, add(f"{RULE}limit = 0.05")]),
    (reach.stage_never_reached, [add("[ladder]\nremembers_days = 0")], 'stages[2] "suspended"',
     [add("[ladder]\nremembers_days = 1")]),
    (reach.stage_never_reached, [GRACE, BREACHING, under(PROBATION, HELD)], 'stages[2] "suspended"',
     [GRACE, under(PROBATION, HELD)]),
    (reach.rule_never_acts, [(LIMIT, "limit = 1.0")], 'rules[1] "bounces" limit', [(LIMIT, "limit = 0.999")]),
    (reach.rule_never_acts, [("hard_bounce", "open"), (LIMIT, "limit = 0")], 'rules[1] "bounces" limit',
     [("hard_bounce", "open"), (LIMIT, "limit = 0.01")]),
    (reach.memory_never_acts, [add("[ladder]\nremembers_days = 9"), under(LIMIT, "climbs = false")],
     "ladder remembers_days", [add("[ladder]\nremembers_days = 9")]),
    (reach.memory_never_acts, [add("[ladder]\nremembers_days = 9\nclears_on = []")],
     "ladder remembers_days", [add('[ladder]\nremembers_days = 9\nclears_on = ["recovery"]')]),
    (reach.memory_never_acts, [add("[ladder]\nremembers_days = 9"), STRAIGHT], "ladder remembers_days",
     [add("[ladder]\nremembers_days = 9"), STRAIGHT, add(f"{RULE}limit = 0.05")]),
    (reach.memory_never_acts, [add("[ladder]\nremembers_days = 2"), ("lag_days = 0", "lag_days = 2")],
     "ladder remembers_days", [add("[ladder]\nremembers_days = 3"), ("lag_days = 0", "lag_days = 2")]),
    (limits.rule_overtaken, [DOUBLE], 'rules[1] "more"',
     [add(f'{RULE}limit = 0.2\nenters = "suspended"')]),
    (limits.rule_overtaken, [add(f"{RULE}limit = 0.1")], 'rules[2] "bounces"', []),
    (limits.rule_overtaken, [DOUBLE], 'rules[1] "more"',
     [add(f'{RULE}limit = 0.2\noverrides = [{{ band = "1M+", limit = 0.09 }}]')]),
    (limits.rule_overtaken, [DOUBLE], 'rules[1] "more"',
     [add(f"{RULE}limit = 0.2\nwindow = {{ days = 9 }}")]),
    (limits.rule_overtaken, [DOUBLE], 'rules[1] "more"', [DOUBLE, LIGHT]),
    (limits.minimum_above_window, [("days = 3", "sends = 99"), LIGHT], 'rules[1] "bounces" min_sent',
     [("days = 3", "sends = 100"), LIGHT]),
    (limits.minimum_without_effect, [LIGHT, under(LIMIT, "min_events = 10")], 'rules[1] "bounces" min_events',
     [LIGHT, under(LIMIT, "min_events = 11")]),
    (limits.minimum_without_effect, [under(LIMIT, "min_events = 10", "min_sent = 10")],
     'rules[1] "bounces" min_sent', [under(LIMIT, "min_events = 10", "min_sent = 11")]),
    (limits.rests_on_engagement, [("hard_bounce", "click")], 'rules[1] "bounces" metric', []),
    (ladder.passed_the_next_day, [under(PROBATION, "grace_days = 1")], 'stages[1] "probation" grace_days',
     [under(PROBATION, "grace_days = 2")]),
    (ladder.ends_unseen, [("lag_days = 0", "lag_days = 2"), under(PROBATION, "lasts_days = 2")],
     'stages[1] "probation" lasts_days',
     [("lag_days = 0", "lag_days = 2"), under(PROBATION, "lasts_days = 2", "send_share = 0.5")]),
    (ladder.escalation_without_mail, [GRACE, BREACHING, under(PROBATION, HELD)],
     'stages[1] "probation" grace_days', [GRACE, BREACHING]),
    (ladder.escalation_without_mail,
     [under(PROBATION, HELD, "grace_days = 3"), BREACHING, ALL_DAYS],
     'stages[1] "probation" grace_days',
     [under(PROBATION, HELD, "grace_days = 2"), BREACHING, ALL_DAYS]),
    (ladder.recovery_without_mail, [under(HELD, 'clears_on = ["recovery"]')],
     'stages[2] "suspended" clears_on',
     [under(HELD, 'clears_on = ["recovery"]'), add('[ladder]\nquiet_days = "count"')]),
    (ladder.review_not_heard, [GRACE, under(PROBATION, "clears_on = []")], 'stages[1] "probation" clears_on',
     [GRACE, BREACHING, under(PROBATION, "clears_on = []")]),
    (ladder.review_lifts_nothing, [add('[ladder]\nclears_on = ["recovery"]')], "ladder clears_on",
     [add('[ladder]\nclears_on = ["recovery"]'), under("lag_days = 0", 'fresh_after = ["accepted"]')]),
    (ladder.nobody_leaves, [under(PROBATION, "clears_on = []")], 'stages[1] "probation" clears_on',
     [under(PROBATION, "clears_on = []", "lasts_days = 9")]),
    (ladder.escalates_on_old_mail,
     [under(PROBATION, "grace_days = 2"), BREACHING, ALL_DAYS],
     'stages[1] "probation" grace_days',
     [under(PROBATION, "grace_days = 3"), BREACHING, under("lag_days = 0", "fresh_after = []")]),
    (ladder.key_without_effect, [under(HELD, "grace_days = 3")], 'stages[2] "suspended" grace_days', [GRACE]),
    (ladder.key_without_effect, [under(PROBATION, "grace_days = 3", "lasts_days = 3")],
     'stages[1] "probation" grace_days', [under(PROBATION, "grace_days = 3", "lasts_days = 4")]),
    (ladder.key_without_effect, [add("[ladder]\nrecovery_days = 3")], "ladder recovery_days",
     [add('[ladder]\nrecovery_days = 3\nclears_on = ["recovery"]')]),
    (ladder.key_without_effect, [BREACHING], "ladder escalates_when", [BREACHING, GRACE]),
    (ladder.key_without_effect, [under(LIMIT, 'overrides = [{ band = "<1k", limit = 0.1 }]')],
     'rules[1] "bounces" overrides[1]', [under(LIMIT, 'overrides = [{ band = "<1k", limit = 0.2 }]')]),
    (ladder.key_without_effect, [SAME], "denominators complaint_rate", [OTHER]),
]  # fmt: skip


@pytest.mark.parametrize(("finds", "changes", "place", "others"), CASES)
def test_the_check_finds_what_is_wrong_and_nothing_else(
    finds: Callable[[Policy], Iterator[Finding]], changes: list[Change], place: str, others: list[Change]
) -> None:
    """The place is named as errors name it, and a policy that differs in little else is spared."""
    assert [finding.place for finding in finds(policy(*changes))] == [place]
    assert list(finds(policy(*others))) == []


def test_every_finding_has_a_case() -> None:
    """None is added without a policy that has it."""
    assert {case[0] for case in CASES} == set(BY_ITSELF)
    assert len(BY_HISTORY) + len(BY_CHANCE) == 7


def test_a_hostile_name_cannot_break_a_finding() -> None:
    """What would move the cursor or end the line is spelt out, in the place and in the words."""
    hostile = (('name = "bounces"', 'name = "a\\u001b[2J\\nb"'), DOUBLE, STRAIGHT)
    found = [finding for finds in BY_ITSELF for finding in finds(policy(*hostile))]
    assert "rule overtaken" in {finding.kind for finding in found}
    assert all(word.isprintable() for finding in found for word in finding)


PAST = history("day | sent | hard_bounces\n2026-05-01 | 10 | 0", known_within_days=2)


def test_a_window_must_not_hold_days_whose_outcomes_are_not_known() -> None:
    """Two days by default, or as many as the history waits."""
    close, far = policy(), policy(("lag_days = 0", "lag_days = 2"))
    assert [finding.place for finding in scope.look_ahead(close, None)] == ["window lag_days"]
    assert list(scope.look_ahead(far, PAST)) == []
    assert list(
        scope.look_ahead(far, history("day | sent | hard_bounces\n2026-05-01 | 1 | 0", known_within_days=3))
    )


def test_an_override_must_be_for_somebody() -> None:
    """An industry that no account has is probably mistyped; without a history nobody can tell."""
    typed = policy(under(LIMIT, 'overrides = [{ industry = "Retial", limit = 0.2 }]'))
    [found] = scope.override_matches_nobody(typed, PAST)
    assert (found.place, found.advice) == (
        'rules[1] "bounces" overrides[1] industry',
        'write one of Retail (did you mean "Retail"?)',
    )
    assert list(scope.override_matches_nobody(typed, None)) == []
    meant = policy(under(LIMIT, 'overrides = [{ industry = "Retail", limit = 0.2 }]'))
    assert list(scope.override_matches_nobody(meant, PAST)) == []


def test_a_policy_must_be_about_somebody() -> None:
    """Tiers that no account has leave nobody in its scope."""
    pro, free = (policy(add(f'tiers = ["{tier}"]', before="[window]")) for tier in ("pro", "free"))
    assert [finding.advice for finding in scope.tiers_match_nobody(pro, PAST)] == ["write one of free"]
    assert list(scope.tiers_match_nobody(free, PAST)) == []
    assert list(scope.tiers_match_nobody(pro, None)) == []


def luck(share: float = 0.0, *, below: float = 0.0, above: float = 0.0) -> chance.Luck:
    """Good accounts that all bands' rules trip so often."""
    rows = [("bounces", band, 500, round(500 * share), share, share, share) for band in BANDS]
    return chance.Luck(
        trips=GoodTrips.cast(pl.DataFrame(rows, schema=list(GoodTrips.columns()), orient="row")),
        cliffs=Cliffs.cast(
            pl.DataFrame([("bounces", 100.0, below, above)], schema=list(Cliffs.columns()), orient="row")
        ),
        usual=usual_rates(),
    )


@pytest.mark.parametrize(
    ("trips", "does_not"),
    [
        ("limit = 0.1\nmin_sent = 9", "limit = 0.1\nmin_sent = 10"),
        ("limit = 0.1", "limit = 0.1\nmin_events = 2"),
        ("limit = 0.1\nz = 2\nmin_sent = 1", "limit = 0.1\nz = 3.1\nmin_sent = 1"),
        ('limit = 0.1\noverrides = [{ band = "<1k", limit = 0.09 }]\nmin_sent = 11',
         'limit = 0.1\noverrides = [{ band = "<1k", limit = 0.1 }]\nmin_sent = 11'),
    ],
)  # fmt: skip
def test_one_event_is_named_where_it_is_enough(trips: str, does_not: str) -> None:
    """One bounce in nine mails is more than 10%, one in ten is not; events, evidence and mail forbid it."""
    [found] = chance.one_event_trips(policy((LIMIT, trips)), luck(0.25))
    assert "with a probability of 25.0% (25.0% to 25.0%)" in found.what
    assert list(chance.one_event_trips(policy((LIMIT, does_not)), luck(0.25))) == []


def test_one_event_is_named_among_peers_and_as_evidence() -> None:
    """Peers bounce 0.39%: one in 25 mails is more than ten times that; ln(5/2) of evidence is one event."""
    rate = ('kind = "rate"\nlimit = 0.1', 'kind = "peer"\nlimit = 10\nmin_sent = 25')
    assert list(chance.one_event_trips(policy(rate), luck()))
    assert not list(chance.one_event_trips(policy((rate[0], rate[1].replace("25", "26"))), luck()))
    evidence = (rate[0], 'kind = "evidence"\nlimit = 0.9')
    assert list(chance.one_event_trips(policy(evidence), luck()))
    assert not list(chance.one_event_trips(policy((rate[0], evidence[1].replace("0.9", "0.92"))), luck()))


def test_a_rule_that_trips_good_accounts_is_named_with_every_band() -> None:
    """More than one in fifty a year."""
    [found] = chance.good_accounts_trip(policy(), luck(0.03))
    assert found.what.endswith("of <1k 3.0%, 1k-10k 3.0%, 10k-100k 3.0%, 100k-1M 3.0%, 1M+ 3.0%")
    assert list(chance.good_accounts_trip(policy(), luck(0.02))) == []


def test_a_minimum_is_a_cliff_where_sending_less_helps() -> None:
    """What is probable just above it and not just below; what is rare on both sides is none."""
    [found] = chance.cliff_at_minimum(policy(LIGHT), luck(below=0.0, above=0.4))
    assert found.place == 'rules[1] "bounces" min_sent'
    assert list(chance.cliff_at_minimum(policy(LIGHT), luck(below=0.38, above=0.4))) == []


def test_below_every_minimum_a_policy_is_blind() -> None:
    """Unless a rule needs no mail, or a window fills however long it takes."""
    [found] = chance.blind_below_minimum(policy(LIGHT), luck())
    assert found.what.startswith("under 100 mails in 3 days every rule is silent")
    assert list(chance.blind_below_minimum(policy(), luck())) == []
    assert list(chance.blind_below_minimum(policy(LIGHT, ("days = 3", "sends = 200")), luck())) == []


STEADY = """
name = "complaints of a day"
[window]
days = 1
lag_days = 2
[[rules]]
name = "complaints"
metric = "complaint_rate"
kind = "rate"
limit = 0.0001
min_sent = 1000
[[stages]]
name = "probation"
"""


def test_good_accounts_are_counted_by_the_simulator_itself() -> None:
    """One complaint among a thousand mails trips it: nobody below, nearly everybody of middling volume."""
    found = good_trips(Policy.from_text(STEADY), usual=usual_rates(), accounts=60)
    shares = dict(found.filter(rule="complaints")["band", "share"].iter_rows())
    assert shares["<1k"] < 0.1 < 0.9 < shares["100k-1M"]
    assert (
        found.filter(pl.col("rule").is_null())
        .drop("rule")
        .equals(found.filter(rule="complaints").drop("rule"))
    )
    again = good_trips(Policy.from_text(STEADY), usual=usual_rates(), accounts=60)
    assert found.equals(again)
    other = good_trips(Policy.from_text(STEADY), usual=usual_rates(), accounts=60, seed=1)
    assert not found.equals(other)


def test_good_accounts_trip_as_often_as_arithmetic_says_where_windows_do_not_overlap() -> None:
    """Mail of every day alike, a window of a day, Poisson complaints with gamma days: one minus a product."""
    [row] = cliffs(Policy.from_text(STEADY), usual=usual_rates(), accounts=400).to_dicts()
    rate, shape = 0.00012, 0.6**-2
    none_a_day = (1 + 1_250 * (1 - 0.0100) * rate / shape) ** -shape  # 0.39% hard and 0.61% soft bounces
    assert row["share_above"] == pytest.approx(1 - none_a_day**365, abs=0.02)
    assert row["share_below"] == 0
    rare = STEADY.replace("limit = 0.0001", "limit = 0.0018")  # three complaints in 1,250 mails are too many
    [row] = cliffs(Policy.from_text(rare), usual=usual_rates(), accounts=400).to_dicts()
    assert row["share_above"] < 0.5


def test_nothing_is_said_of_events_whose_usual_rate_is_not_known() -> None:
    """No complaints among the usual rates is not a rate of zero."""
    unknown = PeerRates.cast(usual_rates().filter(pl.col("metric") != "complaint_rate"))
    complaints = Policy.from_text(STEADY)
    assert good_trips(complaints, usual=unknown, accounts=5).is_empty()
    assert cliffs(complaints, usual=unknown, accounts=5).is_empty()


def test_good_accounts_have_the_newest_peer_rates_of_a_history() -> None:
    """Older ones are left aside; without a history, good is what Mailchimp printed in 2018."""
    rates = table(
        """
        industry | band | metric         | effective_from | rate
        Retail   | <1k  | complaint_rate | 2026-01-01     | 0.01
        Retail   | <1k  | complaint_rate | 2026-02-01     | 0.00001
    """,
        industry=pl.String,
        band=pl.String,
    ).with_columns(pl.col("effective_from").cast(pl.Date))
    past = dl.History(PAST.daily, PAST.accounts, peer_rates=rates)
    assert usual_rates(past).select("rate", "effective_from").rows() == [(0.00001, date(2026, 2, 1))]
    assert usual_rates().filter(metric="complaint_rate")["rate"].to_list() == [0.00012] * 5


# What is wrong with the presets: theirs, not ours, and each a true one.
PRESETS = """
    amazon-ses-like         | remark   | escalates on old mail  | under review
    coss-like               | warning  | one event trips        | complaints, warning
    coss-like               | warning  | one event trips        | complaints, suspension
    coss-like               | warning  | good accounts trip     | complaints, warning
    coss-like               | warning  | good accounts trip     | complaints, suspension
    coss-like               | warning  | cliff at minimum       | complaints, warning
    coss-like               | warning  | cliff at minimum       | complaints, suspension
    coss-like               | remark   | blind below minimum    | bounces, warning
    gmail-like              | remark   | review lifts nothing   | ladder clears_on
    gmail-like              | remark   | blind below minimum    | complaints
    highlevel-like          | warning  | good accounts trip     | bounces, warning
    highlevel-like          | warning  | cliff at minimum       | bounces, warning
    highlevel-like          | remark   | blind below minimum    | bounces, warning
    hubspot-2025-like       | remark   | blind below minimum    | hard bounces
    hubspot-like            | remark   | blind below minimum    | hard bounces
    hubspot-like-held       | remark   | blind below minimum    | hard bounces
    hubspot-suspension-like | warning  | one event trips        | hard bounces
    hubspot-suspension-like | warning  | one event trips        | complaints
    hubspot-suspension-like | warning  | good accounts trip     | complaints
    posthog-like            | remark   | minimum without effect | bounces of a day, pause
    posthog-like            | remark   | minimum without effect | bounces of an hour, pause
    posthog-like            | remark   | blind below minimum    | complaints of an hour, warning
"""


@pytest.mark.parametrize("name", Policy.presets())
def test_what_is_wrong_with_the_presets_is_known(name: str) -> None:
    """Published rules with no minimum of events trip good accounts; our own preset has no finding."""
    found = dl.check_policy(Policy.preset(name))
    where = found["place"].str.extract('"(.*)"').fill_null(found["place"])
    told = [(name, *row) for row in zip(found["severity"], found["kind"], where, strict=True)]
    known = [tuple(word.strip() for word in line.split("|")) for line in PRESETS.strip().splitlines()]
    assert told == [row for row in known if row[0] == name]
