"""What every report needs, imported once before processes are forked for them; nothing is computed here.

A fork after a Polars query hangs: the threads of its pool are not there in the child. Imports start no pool.
"""

from __future__ import annotations

import gc
from importlib import import_module

from deliverlab.reports.fragments import compile_templates
from deliverlab.reports.kernel import spare_iri_parsers

LIBRARIES = ("great_tables", "markdown_it", "nbformat", "papermill.parameterize", "papermill.exceptions")
HOUSE = ("deliverlab", "deliverlab.reports")  # packages whose names bring their modules when they are used


def preload() -> None:
    """Import libraries and the whole of deliverlab, and make the shell that cells run in."""
    spare_iri_parsers()
    for library in LIBRARIES:
        import_module(library)
    for package in map(import_module, HOUSE):
        for name in package.__all__:
            getattr(package, name)
    import_module("deliverlab.reports.run")
    import_module("deliverlab.reports.cells").the_shell()
    compile_templates()
    gc.collect()
    gc.freeze()  # what is here already is shared with every child, and no collection touches it
