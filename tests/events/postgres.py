"""A PostgreSQL of the tests' own: a fresh cluster in a directory of its own, reached by its socket."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PASSWORD = "a secret: 7/7"


def programs() -> Path | None:
    """Where the newest PostgreSQL keeps its programs; null where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


@contextmanager
def running() -> Iterator[str]:
    """The address of a server that is there for as long as this lasts; it never runs as root."""
    where = programs()
    assert where is not None
    user = "postgres" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "password").write_text(PASSWORD)
        if user:
            for path in (folder, f"{folder}/password"):
                shutil.chown(path, user)

        def run(program: str, *words: str) -> None:
            command = [str(where / program), "-D", f"{folder}/data", *words]
            subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

        run(
            "initdb", "--username=lab", "--auth=scram-sha-256", f"--pwfile={folder}/password",
            "--encoding=UTF8", "--no-sync",
        )  # fmt: skip
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "--wait", "--options", options, "--log", f"{folder}/log", "start")
        try:
            yield f"postgresql://lab:{quote(PASSWORD, safe='')}@/postgres?host={folder}"
        finally:
            run("pg_ctl", "--wait", "--mode", "immediate", "stop")
