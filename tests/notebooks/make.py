"""Write the executed copies of the notebooks anew: `python -m tests.notebooks.make`.

`pytest --nbval tests/notebooks` runs them again and compares every result. Paths in them are relative to this
folder, where nbval runs them; the day is fixed; times, machine paths and random ids are left out.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from deliverlab.reports.making import NOTEBOOKS, Job
from deliverlab.reports.run import run_reports

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "notebooks"
COMMON: dict[str, object] = {
    "data": "../../data/sample",
    "as_of": "2026-06-30",
    "policy": "hubspot-like",
    "stage_from": "enforcement",
}
PARAMETERS: dict[str, dict[str, object]] = {
    "0_tutorial": {name: COMMON[name] for name in ("data", "as_of", "policy")} | {"account_id": "acct-0003"},
    "1_portfolio_health": COMMON | {"since_days": 1},
    "2_account_health": COMMON | {"account_id": "acct-0003", "language": "en"},
    "3_reviewer_checklist": COMMON | {"account_id": "acct-0003", "show_addresses": False, "language": "en"},
    "4_policy_simulation": {
        "data": "../../data/sample",
        "policy": "hubspot-like",
        "scenario": "from-history",
        "seed": 7,
        "account_id": "",
    },
    "5_policy_comparison": {
        "data": "../../data/sample",
        "champion": "hubspot-like",
        "challenger": "evidence",
        "scenario": "from-history",
        "seed": 7,
    },
    "6_precedents": {"policy": "evidence", "edition": "mailchimp-2014"},
    "7_reviewers_desk": {name: COMMON[name] for name in ("data", "as_of", "policy")} | {"window_days": 30},
    "8_threshold_tuning": {
        "data": "../../data/sample",
        "policy": "hubspot-like",
        "search": "hubspot-limits",
        "scenario": "from-history",
        "seed": 7,
    },
}


def main() -> None:
    """Run each notebook and keep its executed copy here."""
    os.chdir(HERE)  # what is relative in parameters is relative to where kernels start
    jobs = [
        Job(notebook=SOURCES / f"{stem}.ipynb", parameters=given, stem=stem, title=stem)
        for stem, given in PARAMETERS.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        for report in run_reports(jobs, out=Path(folder)):
            if report.failure is not None:
                raise RuntimeError(f"{report.job.stem}: {report.traceback}")
            copy = f"{report.job.stem}.ipynb"
            (HERE / copy).write_bytes((Path(folder) / NOTEBOOKS / copy).read_bytes())


if __name__ == "__main__":
    main()
