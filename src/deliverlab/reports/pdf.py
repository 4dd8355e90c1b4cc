"""A page as PDF: printed by the Chromium that is installed here, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from deliverlab.errors import DataError

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
)  # fmt: skip
DRAWN_WITHIN = 20_000  # milliseconds of the page's own clock, which does not wait while nothing happens
DEADLINE = 120.0  # seconds
SWITCHES = (
    "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking",
    "--no-first-run", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
    f"--virtual-time-budget={DRAWN_WITHIN}",
)  # fmt: skip


@cache
def find_browser() -> str:
    """The path of a Chromium; raises `DataError` where none is installed."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise DataError(f"pdf: no Chromium is installed, must be one of {', '.join(BROWSERS)} on the PATH")


def printed(page: Path, /) -> bytes:
    """The PDF of a page that is a file, with its charts drawn; what it loads must lie beside it.

    Chromium writes the time into it: two prints of a page differ in that. Raises `DataError` where there is
    no Chromium, and `RuntimeError` with its last words where it makes no PDF.
    """
    # A browser that runs as root must do without its sandbox; our pages run no script but their own two.
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="print-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "page.pdf"
        command = [
            find_browser(), *SWITCHES, *alone, f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={target}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(  # noqa: S603  a browser from the PATH, a page of ours
                command, capture_output=True, text=True, timeout=DEADLINE, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{page.name}: no PDF was printed within {DEADLINE:g} seconds") from None
        if not target.exists():
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise RuntimeError(f"{page.name}: no PDF was printed ({said[0]})")
        return target.read_bytes()
