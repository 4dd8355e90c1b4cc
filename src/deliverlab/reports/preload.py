"""What every report needs, imported once before processes are forked for them; nothing is computed here.

A fork after a Polars query hangs: the threads of its pool are not there in the child. Imports start no pool.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module

from deliverlab.language import read_catalogues
from deliverlab.reports.fragments import compile_templates
from deliverlab.reports.kernel import spare_iri_parsers

LIBRARIES = (
    "IPython.core.magics.extension", "disposable_email_domains", "email_validator", "great_tables",
    "markdown_it", "narwhals._polars.dataframe", "narwhals._polars.namespace", "nbformat",
    "papermill.exceptions", "papermill.parameterize", "scipy.special",
)  # fmt: skip
HOUSE = ("deliverlab", "deliverlab.reports")  # packages whose names bring their modules when they are used


def preload(*, at_once: int) -> None:
    """Import libraries and the whole of deliverlab, and make the shell that cells run in.

    The processes that run `at_once` share the cores: all on all cores they would wait for each other. Polars
    looks for its share when it first computes.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // at_once)))
    spare_iri_parsers()
    for library in LIBRARIES:
        import_module(library)
    for package in map(import_module, HOUSE):
        for name in package.__all__:
            getattr(package, name)
    import_module("deliverlab.reports.run")
    import_module("deliverlab.extension")
    import_module("deliverlab.reports.cells").the_shell()
    compile_templates()
    read_catalogues()
    _compile_validators()
    gc.collect()
    gc.freeze()  # what is here already is shared with every child, and no collection touches it


def _compile_validators() -> None:
    """What Altair and nbformat make of their schemas when they first check something, and then keep."""
    import altair as alt
    import nbformat

    alt.Chart({"values": []}).mark_point().encode(x="x:Q").to_dict()
    empty = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    nbformat.reads(nbformat.writes(empty), as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
