"""Draw a table as text, get a frame."""

import polars as pl
from polars.datatypes import DataType, DataTypeClass


def table(text: str, **dtypes: DataType | DataTypeClass) -> pl.DataFrame:
    """The frame that the text shows: a header, a row a line, cells between bars; `-` is null, dates are read.

    >>> table('''
    ...     account_id | day        | sent
    ...     a          | 2026-05-01 | 10
    ...     b          | 2026-05-02 | -
    ... ''')["sent"].to_list()
    [10, None]
    """
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    csv = "\n".join(",".join(row) for row in rows)
    return pl.read_csv(
        csv.encode(), null_values="-", try_parse_dates=True, schema_overrides=dtypes, infer_schema_length=None
    )
