"""What many tests start from: the sample, and a copy of it into which its raw exports were ingested."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# The gate tries the same examples each time, and says no only to what has changed; elsewhere chance goes on.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="session")
def sample() -> Path:
    """The committed sample; tests only read it."""
    return SAMPLE


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with its raw exports ingested and `hubspot-like` replayed; tests only read it."""
    from deliverlab.pipeline.results import write_simulation
    from deliverlab.pipeline.road import ingest

    data = tmp_path_factory.mktemp("walked") / "data"
    shutil.copytree(SAMPLE, data, ignore=shutil.ignore_patterns("raw"))
    for provider in ("ses", "sendgrid"):
        ingest(SAMPLE / "raw" / provider, provider=provider, data=data)
    write_simulation(data, policy="hubspot-like", scenario="historical")
    return data


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages of a module."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if (path := shutil.which(name))), None)
    if chromium is None:
        pytest.skip("no Chromium on the PATH to open pages with")
    with sync_playwright() as player:
        yield player.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
