"""The kernel of a report: a fresh process of this very Python, whatever kernels the machine has installed.

`python -m deliverlab.reports.kernel` is what the manager starts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_SOCKET = 100  # characters of a path that every system takes for a socket


def spare_iri_parsers() -> None:
    """Leave out what costs a process more than a second at import and which no report uses.

    `rfc3987_syntax` builds some 35 parsers when jsonschema is imported, and with it altair, nbformat and
    papermill; without it jsonschema only knows the formats "iri" and "iri-reference" no more
    (python-jsonschema/jsonschema#1428). For processes of our own, never for the user's.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: importing it fails, cleanly


def kernel_manager(folder: Path, /) -> type:
    """The class of kernel managers that start this Python and meet it in `folder`, one kernel at a time.

    Sockets are files in the folder where that can be: nobody else on the machine can listen.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    connection_file = str(folder / "kernel.json")
    has_file_sockets = sys.platform != "win32" and len(connection_file) < LONGEST_SOCKET

    class ReportKernelManager(AsyncKernelManager):
        """Starts a kernel of this Python."""

        def __init__(self, **options: object) -> None:
            super().__init__(
                **options, connection_file=connection_file, transport="ipc" if has_file_sockets else "tcp"
            )

        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [sys.executable, "-P", "-m", __name__, "-f", "{connection_file}", "--log-level=CRITICAL"]
            return KernelSpec(argv=argv, display_name="report", language="python")

    return ReportKernelManager


if __name__ == "__main__":
    spare_iri_parsers()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
