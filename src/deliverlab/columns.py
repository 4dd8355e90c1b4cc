"""Expressions that Polars does not have: functions of NumPy columns, and sums that no order can change."""

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

FIXED_POINT = 2.0**40  # about twelve digits behind the point
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


def exact_sum(value: pl.Expr) -> pl.Expr:
    """The sum of fractions, the same to the last bit in whatever order and pieces they are added.

    Each is rounded to 1 / `FIXED_POINT` first, then integers are added.
    """
    return (value * FIXED_POINT).round().cast(pl.Int128).sum().cast(pl.Float64) / FIXED_POINT
