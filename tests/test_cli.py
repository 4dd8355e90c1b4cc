"""The command line parses, calls and prints; what input gets wrong is one line and exit code 2."""

import json
import shutil
import sys
from io import StringIO
from pathlib import Path

import polars as pl
import pytest

from deliverlab.cli import main


def run(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["deliverlab", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["policy", "show", "nowhere.toml"], "policy == 'nowhere.toml', must be one of amazon-ses-like"),
        (
            ["health", "--data", "nowhere", "--as-of", "2026-06-30", "--out", "out"],
            "daily.parquet: is missing",
        ),
        (["ingest", "nowhere.json", "--data", "out", "--provider", "ses"], "nowhere.json"),
        (["ingest", "pyproject.toml", "--data", "out", "--provider", "sesame"], "sesame"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    words: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """No traceback, nothing on standard output, one line on standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")

    code = run(*words, monkeypatch=monkeypatch)

    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert message in said.err


def test_a_scenario_is_always_named(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no default, and a name that is none is refused with those that are."""
    words = ["simulate", "--data", sample, "--policy", "hubspot-like", "--scenario"]

    assert run(*words, "perhaps", monkeypatch=monkeypatch) == 2
    assert (
        "scenario == 'perhaps', must be never, historical, from-history, after-DAYS or a TOML file"
        in capsys.readouterr().err
    )


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what input gets wrong is turned into a line."""
    monkeypatch.setattr("deliverlab.policy.model.Policy.presets", lambda: 1 / 0)
    monkeypatch.setattr(sys, "argv", ["deliverlab", "policy", "list"])

    with pytest.raises(ZeroDivisionError):
        main()


def test_presets_are_listed_with_their_inferred_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A preset with numbers that nobody published says how many."""
    assert run("policy", "list", monkeypatch=monkeypatch) == 0
    assert "numbers inferred" in capsys.readouterr().out


def test_health_and_simulation_are_written_with_the_note_of_how(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both commands write their tables and a run.json, and print a summary."""
    health = ["health", "--data", sample, "--as-of", "2026-06-30", "--out", tmp_path]
    simulate = [
        "simulate",
        "--data",
        sample,
        "--policy",
        "hubspot-like",
        "--scenario",
        "never",
        "--out",
        tmp_path,
        "--page",
    ]
    assert run(*health, monkeypatch=monkeypatch) == 0
    assert run(*simulate, monkeypatch=monkeypatch) == 0

    printed = capsys.readouterr().out
    assert "excellent" in printed
    assert "suspended" in printed
    assert str(tmp_path / "policy.html") in printed.replace("\n", "")
    assert "never reviewed" in (tmp_path / "policy.html").read_text()
    note = json.loads((tmp_path / "simulation" / "run.json").read_text())
    assert note["parameters"]["scenario"]
    assert "daily.parquet" in note["data"]
    assert pl.read_parquet(tmp_path / "simulation" / "transitions.parquet").height > 0


def test_a_recorded_review_stands_in_the_reviews(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command adds a row, and refuses an account that is not there."""
    for name in ("accounts", "daily", "reviews"):
        (tmp_path / f"{name}.parquet").write_bytes((sample / f"{name}.parquet").read_bytes())
    account = pl.read_parquet(tmp_path / "accounts.parquet")["account_id"][0]
    words = [
        "review",
        "record",
        "--data",
        tmp_path,
        "--on",
        "2026-06-30",
        "--reviewer",
        "R. Viewer",
        "--account",
    ]

    assert run(*words, account, monkeypatch=monkeypatch) == 0
    assert "completed" in capsys.readouterr().out
    assert pl.read_parquet(tmp_path / "reviews.parquet").filter(account_id=account).height > 0
    assert run(*words, f"{account}x", monkeypatch=monkeypatch) == 2
    assert f"did you mean '{account}'?" in capsys.readouterr().err


def test_a_policy_is_shown_and_two_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, with the limits as percent; a policy and itself mean the same."""
    assert run("policy", "show", "gmail-like", monkeypatch=monkeypatch) == 0
    assert "complaints: complaint rate (complaints / mails delivered); above 0.3%" in capsys.readouterr().out
    assert run("policy", "diff", "hubspot-like", "hubspot-2025-like", monkeypatch=monkeypatch) == 0
    assert "rule hard bounces: limit: above 2.5% → above 2%" in capsys.readouterr().out
    assert run("policy", "diff", "hubspot-like", "hubspot-like", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == "Both mean the same.\n"


@pytest.mark.parametrize(
    ("policy", "code", "line"),
    [
        ("evidence", 0, "  any rule: <1k "),
        ("gmail-like", 0, "remark: ladder clears_on: review lifts nothing: "),
        ("hubspot-suspension-like", 1, 'warning: rules[2] "complaints" limit: one event trips: '),
        ("nowhere.toml", 2, ""),
    ],
)
def test_a_build_can_refuse_a_policy(
    policy: str, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 with nothing but remarks, 1 with warnings, 2 where there is no policy."""
    assert run("policy", "check", policy, monkeypatch=monkeypatch) == code
    assert line in capsys.readouterr().out


def test_good_accounts_can_be_those_of_a_data_directory(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the peer rates of one's own accounts, and their industries and tiers."""
    assert run("policy", "check", "evidence", "--data", sample, monkeypatch=monkeypatch) == 0
    assert f"Accounts as good as their peers (peer rates of {sample})" in capsys.readouterr().out


def test_the_reference_is_printed_as_it_stands_in_docs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `make reference` writes."""
    assert run("policy", "reference", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == Path("docs/policy-reference.md").read_text("utf-8")


def test_people_are_erased_from_what_is_typed(
    walked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Addresses come from standard input, counts are printed, and the list is out of the files after."""
    data, out = shutil.copytree(walked, tmp_path / "data"), tmp_path / "out"
    email = pl.read_parquet(data / "contacts.parquet")["email"][0]
    export = ["review", "export", "--data", data, "--as-of", "2026-06-30", "--account", "acct-0001"]
    assert run(*export, "--out", out, "--show-addresses", monkeypatch=monkeypatch) == 0
    assert "checklist-acct-0001-with-addresses.xlsx" in capsys.readouterr().out.replace("\n", "")
    monkeypatch.setattr(sys, "stdin", StringIO(f"{email}\n"))

    code = run(
        "review", "erase", "--data", data, "--address-file", "-", "--outputs", out, monkeypatch=monkeypatch
    )

    assert code == 0
    said = capsys.readouterr().out
    assert "to be written anew: 2" in said
    assert email not in said
    assert email not in pl.read_parquet(data / "contacts.parquet")["email"]
