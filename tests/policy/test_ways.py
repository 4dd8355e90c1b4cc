"""What stages, ladders, windows and rules may say beyond the plain ladder, a key a test, worked by hand."""

from __future__ import annotations

from deliverlab.policy.scenario import Scenario
from tests.policy.drawn import history, policy, steps

NEVER = Scenario.never()
ONE_DAY = ("days = 3", "days = 1")
PEERS = """
    industry | band | metric           | effective_from | rate
    Retail   | <1k  | hard_bounce_rate | 2026-01-01     | 0.05
"""


def mail(*bounces: int | None) -> str:
    """A hundred mails a day from 1 May on, with so many bounces; none where there is no number."""
    rows = [
        f"2026-05-{day:02} | 100 | {count}" for day, count in enumerate(bounces, start=1) if count is not None
    ]
    return "\n".join(["day | sent | hard_bounces", *rows])


def test_the_last_stage_can_be_left_by_recovery_where_it_says_so() -> None:
    """Seven good days after the last stage began bring it back; by the ladder alone they would not."""
    straight = ("limit = 0.1", 'limit = 0.1\nenters = "suspended"')
    open_end = ("send_share = 0.0", 'clears_on = ["recovery"]')
    weekly = ("[[rules]]", "[ladder]\nrecovery_days = 7\n[[rules]]")
    past = history(mail(20, *[0] * 9))
    assert steps(past, policy(ONE_DAY, straight, open_end, weekly), NEVER) == [
        "2026-05-01 good → suspended: breach of bounces",
        "2026-05-08 suspended → good: recovery",
    ]
    ladder = ("[[rules]]", '[ladder]\nclears_on = ["recovery"]\n[[rules]]')
    assert len(steps(past, policy(ONE_DAY, straight, ("send_share = 0.0", ""), ladder), NEVER)) == 1


def test_a_review_can_lift_the_last_stage_alone() -> None:
    """Probation runs its course whatever is reviewed; the suspension ends with the next review."""
    stages = ('name = "probation"', 'name = "probation"\ngrace_days = 2\nclears_on = []')
    assert steps(history(mail(*[20] * 6)), policy(stages), Scenario.after(days=1)) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-03 probation → suspended: unreviewed",
        "2026-05-04 suspended → good: review",
        "2026-05-05 good → probation: breach of bounces",
    ]


def test_only_the_named_causes_restart_the_window() -> None:
    """The bounces of 1 May still count after the notice, and no more once the block has expired."""
    fresh = ("lag_days = 0", 'lag_days = 0\nfresh_after = ["expired"]')
    block = ('name = "probation"', 'name = "probation"\nlasts_days = 1')
    past = history(mail(50, 0, 0, 0, 0))
    assert steps(past, policy(fresh, block), NEVER) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-02 probation → good: expired",
    ]
    kept = ("lag_days = 0", "lag_days = 0\nfresh_after = []")
    assert steps(past, policy(kept, block), NEVER)[2] == "2026-05-03 good → probation: breach of bounces"


def test_a_review_that_lifts_nothing_can_restart_the_window_and_change_the_mail() -> None:
    """Changes are accepted: the stage stays, only mail after them counts, and it bounces less."""
    accepts = ("lag_days = 0", 'lag_days = 0\nfresh_after = ["accepted"]')
    recovery = ("[[rules]]", '[ladder]\nclears_on = ["recovery"]\nrecovery_days = 2\n[[rules]]')
    scenario = Scenario.after(days=2, effect={"hard_bounces": 0.1})
    assert steps(history(mail(*[20] * 7)), policy(accepts, recovery), scenario) == [
        "2026-05-01 good → probation: breach of bounces",
        "2026-05-05 probation → good: recovery",
    ]
    without = ("lag_days = 0", 'lag_days = 0\nfresh_after = ["clear"]')
    assert len(steps(history(mail(*[20] * 7)), policy(without, recovery), scenario)) == 1


BLOCKS = (
    ONE_DAY,
    ('name = "probation"', 'name = "warning"\nclears_on = ["recovery"]\n[[stages]]\nname = "block"'),
    ('name = "block"', 'name = "block"\nlasts_days = 1'),
    ("limit = 0.1", 'limit = 0.1\nenters = "block"'),
    ("[[stages]]\nname = \"warning\"", """[[rules]]
name = "nearly"
metric = "hard_bounce_rate"
kind = "rate"
limit = 0.05
enters = "warning"
climbs = false
[[stages]]
name = "warning"
"""),
)  # fmt: skip


def test_memory_can_be_of_the_highest_stage() -> None:
    """A mere warning after a block makes the block forgotten, unless the highest stage is remembered."""
    past = history(mail(20, 0, 7, 0, 20))
    bounces = '[[rules]]\nname = "bounces"'
    last = (bounces, "[ladder]\nrecovery_days = 1\nremembers_days = 9\n" + bounces)
    told = [
        "2026-05-01 good → block: breach of bounces",
        "2026-05-02 block → good: expired",
        "2026-05-03 good → warning: breach of nearly",
        "2026-05-04 warning → good: recovery",
    ]
    assert steps(past, policy(*BLOCKS, last), NEVER) == [*told, "2026-05-05 good → block: breach of bounces"]
    past = history(mail(20, 0, 7, 20, 0))
    assert steps(past, policy(*BLOCKS, last), NEVER)[3] == "2026-05-04 warning → block: breach of bounces"
    highest = (last[0], last[1].replace("remembers_days = 9", 'remembers_days = 9\nremembers = "highest"'))
    assert (
        steps(past, policy(*BLOCKS, highest), NEVER)[3] == "2026-05-04 warning → suspended: breach of bounces"
    )
    past = history(mail(20, 0, 7, 0, 20))
    assert steps(past, policy(*BLOCKS, highest), NEVER) == [
        *told,
        "2026-05-05 good → suspended: breach of bounces",
    ]


def test_memory_can_last_until_so_many_days_were_clean() -> None:
    """Three clean days in a row end it; however many days that are not clean do not."""
    block = ('name = "probation"', 'name = "probation"\nlasts_days = 1')
    ladder = '[ladder]\nremembers_days = 3\nforgets_after = "clean days"\n[[rules]]'
    rules = policy(ONE_DAY, block, ("[[rules]]", ladder))
    quiet = history(mail(20, 0, 0, 0, None, None, None, None, 0, 20))
    assert steps(quiet, rules, NEVER)[-1] == "2026-05-10 good → suspended: breach of bounces"
    clean = history(mail(20, 0, 0, 0, 0, 20))
    assert steps(clean, rules, NEVER)[-1] == "2026-05-06 good → probation: breach of bounces"


def test_a_quiet_day_breaks_a_clean_streak_or_is_skipped_or_counted() -> None:
    """Two clean days, two without mail, then clean ones again: recovery after three."""
    past = history(mail(20, 0, 0, None, None, 0, 0, 0))
    cleared = {}
    for quiet in ("break", "skip", "count"):
        ladder = f'[ladder]\nclears_on = ["recovery"]\nrecovery_days = 3\nquiet_days = "{quiet}"\n[[rules]]'
        cleared[quiet] = steps(past, policy(ONE_DAY, ("[[rules]]", ladder)), NEVER)[1][:10]
    assert cleared == {"break": "2026-05-08", "skip": "2026-05-06", "count": "2026-05-04"}


def test_a_day_is_clean_only_below_the_clean_limit() -> None:
    """8% is no breach of 10%, and not clean by 5%: recovery waits for better days."""
    ladder = ("[[rules]]", '[ladder]\nclears_on = ["recovery"]\nrecovery_days = 2\n[[rules]]')
    past = history(mail(20, 8, 8, 8, 2, 2))
    assert steps(past, policy(ONE_DAY, ladder), NEVER)[1] == "2026-05-03 probation → good: recovery"
    strict = ("limit = 0.1", "limit = 0.1\nclean_limit = 0.05")
    assert steps(past, policy(ONE_DAY, ladder, strict), NEVER)[1] == "2026-05-06 probation → good: recovery"


def test_evidence_without_importance_does_not_breach() -> None:
    """Evidence adds up at three times the peers' rate; demanded are four times."""
    evidence = ('kind = "rate"\nlimit = 0.1', 'kind = "evidence"\nlimit = 4\ntolerate = 1\ndetect = 3')
    past = history(mail(*[15] * 4), peer_rates=PEERS)
    assert len(steps(past, policy(evidence), NEVER)) == 1
    large = (evidence[0], evidence[1] + "\nmin_ratio = 4")
    assert steps(past, policy(large), NEVER) == []
