"""Functions of NumPy columns as expressions: what SciPy knows and Polars does not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROWS = 50_000  # a piece of a column: SciPy lets go of the interpreter, so pieces keep every core busy


def of_columns(function: Callable[..., Floats], *columns: pl.Expr) -> pl.Expr:
    """What an elementwise function of columns of floats makes of these; null where it gives NaN.

    Nulls come to it as NaN. Each row is worked out by itself, so cutting columns changes no result.

    >>> import numpy as np
    >>> pl.select(of_columns(np.hypot, pl.lit(3), pl.lit(4))).item()
    5.0
    """

    def whole(series: Sequence[pl.Series]) -> pl.Series:
        import numpy as np

        arrays = np.broadcast_arrays(*(one.cast(pl.Float64).to_numpy() for one in series))
        starts = range(0, len(arrays[0]), ROWS)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pieces = pool.map(lambda at: function(*(array[at : at + ROWS] for array in arrays)), starts)
            return pl.Series(np.concatenate([np.empty(0), *pieces])).fill_nan(None)

    return pl.map_batches(columns, whole, return_dtype=pl.Float64, is_elementwise=True)
