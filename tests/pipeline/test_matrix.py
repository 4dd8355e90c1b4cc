"""Pages about accounts of every kind with parameters of every kind, through the engine that forks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from deliverlab.pipeline.batch import job_of
from deliverlab.pipeline.together import judged_together
from deliverlab.reports.run import run_reports

if TYPE_CHECKING:
    from pathlib import Path

    from deliverlab.reports.making import Report

AS_OF = "2026-06-30"
ACCOUNTS = {
    "staged": "acct-0002", "a name that is HTML": "acct-0003", "healthy": "acct-0010",
    "with a parent": "acct-0015",
}  # fmt: skip
SOURCES, LANGUAGES, POLICIES = ("enforcement", "simulation"), ("en", "sv"), ("hubspot-like", "evidence")


@pytest.fixture(scope="module")
def made(walked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """Every account with every source and language, policies and days in turn; checklists masked or not."""
    data = tmp_path_factory.mktemp("with-a-silent-one") / "data"
    shutil.copytree(walked, data)
    _add_silent(data)
    ids = {**ACCOUNTS, **_odd_accounts(data)}
    jobs = {}
    for number, (who, source, language) in enumerate(product(ids, SOURCES, LANGUAGES)):
        for kind in ("health", "checklist"):
            asked: dict[str, Any] = {
                "data": str(data), "account_id": ids[who], "as_of": AS_OF,
                "policy": POLICIES[number // 2 % 2], "stage_from": source, "language": language,
                "show_addresses": number % 3 == 0,
            }  # fmt: skip
            stem = f"{kind}-{number}"
            jobs[stem] = job_of(kind, asked, account=who)
    for number, (source, days) in enumerate(product(SOURCES, (1, 7))):
        asked = {
            "data": str(data), "as_of": AS_OF, "policy": POLICIES[number % 2], "stage_from": source,
            "since_days": days,
        }  # fmt: skip
        jobs[f"portfolio-{number}"] = job_of("portfolio", asked)
    folder = tmp_path_factory.mktemp("matrix")
    reports = run_reports(
        [replace(job, stem=stem) for stem, job in jobs.items()], out=folder / "out", vega="x",
        prepare=lambda missing: judged_together(missing, folder=folder / "judged"),
    )  # fmt: skip
    return {report.job.stem: report for report in reports}


def _add_silent(data: Path) -> None:
    """Add an account that never mailed, without name, industry and plan."""
    accounts = pl.read_parquet(data / "accounts.parquet")
    silent = accounts.head(1).select(
        pl.lit("silent").alias(name) if name == "account_id" else pl.lit(None, dtype).alias(name)
        for name, dtype in accounts.schema.items()
    )
    pl.concat([accounts, silent]).write_parquet(data / "accounts.parquet")


def _odd_accounts(data: Path) -> dict[str, str]:
    """One that never mailed, one without an industry, one without contacts."""
    accounts = pl.read_parquet(data / "accounts.parquet")
    mailed = pl.read_parquet(data / "daily.parquet")["account_id"].unique()
    listed = pl.read_parquet(data / "contacts.parquet")["account_id"].unique()
    found = {
        "silent": accounts.filter(~pl.col("account_id").is_in(mailed.implode())),
        "no industry": accounts.filter(pl.col("industry").is_null()),
        "no contacts": accounts.filter(~pl.col("account_id").is_in(listed.implode())),
    }
    return {who: rows["account_id"][0] for who, rows in found.items() if rows.height}


def test_every_page_is_made(made: dict[str, Report]) -> None:
    """No combination fails, and each page has a heading and no traceback."""
    assert {stem: report.failure for stem, report in made.items() if report.failure} == {}
    assert len(made) > 40
    for report in made.values():
        assert report.path is not None
        assert "<h1>" in report.path.read_text()


def test_pages_show_what_their_parameters_say(made: dict[str, Report]) -> None:
    """A simulated stage is called that, the language is the one asked for, addresses are clear if asked."""
    for report in made.values():
        assert report.path is not None
        text, asked = report.path.read_text(), report.job.parameters
        language = asked.get("language", "en")
        assert f'<html lang="{language}">' in text
        told = {"en": "SIMULATED:", "sv": "SIMULERAT:"}[language]
        assert (told in text) == (asked["stage_from"] == "simulation")
        assert asked["policy"] in text
        if "show_addresses" in asked:
            clear = {"en": "Addresses on this page are in clear", "sv": "står i klartext"}[language]
            assert (clear in text) == asked["show_addresses"]
