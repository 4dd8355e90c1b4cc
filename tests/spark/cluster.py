"""A Spark cluster of the tests' own: two workers, each a process with Python processes of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import deliverlab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

WORKERS = "local-cluster[2,1,2048]"  # two workers, each one core and so many MiB
JAVA = 17  # what Spark 4 asks for


def missing() -> str | None:
    """What keeps a cluster from starting here; null where nothing does."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        return f"no Java on the PATH to run Spark with, needs {JAVA} or newer"
    settings = [java, "-XshowSettings:properties", "-version"]
    told = subprocess.run(settings, check=False, capture_output=True, text=True).stderr
    found = re.search(r"java\.specification\.version = ([\d.]+)", told)
    if found is None or float(found[1]) < JAVA:
        version = "of no known version" if found is None else found[1]
        return f"Java {version} on the PATH, Spark needs {JAVA} or newer"
    return None


@contextmanager
def running(master: str = WORKERS, **settings: str) -> Iterator[SparkSession]:
    """A session on a cluster that is there for as long as this lasts, and writes into one folder."""
    from pyspark.sql import SparkSession

    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    source = str(Path(deliverlab.__file__).parent.parent)
    with tempfile.TemporaryDirectory(prefix="spark", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"  # workers write below Spark's home, so it gets one of its own
        home.mkdir()
        for part in ("bin", "jars", "sbin"):
            (home / part).symlink_to(Path(spec.origin).parent / part)
        own = {
            "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": f"{folder}/local",
            "PYSPARK_PYTHON": sys.executable,
        }  # fmt: skip
        with mock.patch.dict(os.environ, own):
            builder = SparkSession.Builder().master(master).appName("deliverlab")
            fixed = {
                "spark.ui.enabled": "false",
                "spark.log.level": "ERROR",
                "spark.ui.showConsoleProgress": "false",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.executor.memory": "1g",
                "spark.executorEnv.PYTHONPATH": source,
                "spark.executorEnv.POLARS_MAX_THREADS": "1",
                "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
                "spark.sql.warehouse.dir": f"{folder}/warehouse",
            }
            for name, value in (fixed | settings).items():
                builder = builder.config(name, value)
            session = builder.getOrCreate()
            try:
                yield session
            finally:
                session.stop()
                _end_java()


def _end_java() -> None:
    """PySpark keeps its Java process for a next session, which would find the folder of this one gone."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None
