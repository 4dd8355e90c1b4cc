"""Between Spark and Polars: partitions of rows as tables, by Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from deliverlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from deliverlab.admission import Table

ROWS_A_CELL = 1 << 20  # a cell is held whole, here and in Spark


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in Spark, and what they are `like`: the same table in Polars, without a row."""

    spark: DataFrame
    like: pl.DataFrame

    @classmethod
    def of(cls, frame: DataFrame, columns: Collection[str], /, *, what: str) -> Rows:
        """These columns of a data frame, as far as it has them."""
        if not hasattr(frame, "mapInArrow"):
            raise DataError(f"{what}: is a {type(frame).__name__}, must be a Spark DataFrame")
        known = frame.select([name for name in frame.columns if name in columns])
        return cls(known, _polars(known.limit(0).toArrow()))

    @classmethod
    def table(cls, frame: DataFrame, table: type[Table], /, *, what: str) -> Rows:
        """A data frame whose columns are those of a table; refused if they are not."""
        rows = cls.of(frame, table.column_names(), what=what)
        table.admit(rows.like, what=what)
        return rows

    @classmethod
    def side_by_side(cls, tables: Mapping[str, Rows], /, *, by: str) -> Rows:
        """All rows of several tables, those that are alike in `by` in one partition: see `beside`."""
        from pyspark.sql.functions import struct

        parts = [
            rows.spark.select(by, struct(*rows.spark.columns).alias(name)) for name, rows in tables.items()
        ]
        both = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
        like = beside({name: rows.like for name, rows in tables.items()})
        return cls(both.repartition(by).drop(by), like)

    def together_by(self, *columns: str) -> Rows:
        """The same rows, those that are alike in these columns in one partition."""
        return Rows(self.spark.repartition(*columns), self.like)

    def mapped(self, work: Callable[[pl.DataFrame], pl.DataFrame], /, *, at_once: int | None = None) -> Rows:
        """What `work` makes of each partition, or of some rows of it `at_once`.

        It is first tried here on no rows: so the answer's columns are known, and bad input is told at once.
        """
        answer, schema = work(self.like).clear(), self.like.schema

        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for rows in _portions(batches, at_once=at_once):
                yield from _arrow(work(_polars(rows).cast(schema))).to_batches()

        columns = self.spark.sparkSession.createDataFrame(_arrow(answer).schema.empty_table()).schema
        return Rows(self.spark.mapInArrow(run, columns), answer)

    def packed(self) -> Packed:
        """The same partitions, some rows of each in one cell: Spark moves these as they are."""

        def cell(rows: pl.DataFrame) -> pl.DataFrame:
            return pl.DataFrame({"cell": [_ipc(rows)]})

        return Packed(self.mapped(cell, at_once=ROWS_A_CELL).spark, self.like)

    def unpacked(self, name: str, /) -> DataFrame:
        """The rows of one of the tables that lie side by side."""
        return self.spark.filter(self.spark[name].isNotNull()).select(f"{name}.*")

    def collected(self) -> pl.DataFrame:
        """The rows here: only for what does not grow with accounts."""
        return _polars(self.spark.toArrow()).cast(self.like.schema)


@dataclass(frozen=True, slots=True)
class Packed:
    """Partitions of rows in cells, to be kept in Spark and worked on more than once."""

    spark: DataFrame
    like: pl.DataFrame

    def persisted(self) -> Packed:
        """The same, kept by Spark once it was made."""
        return Packed(self.spark.persist(), self.like)

    def mapped(self, work: Callable[[pl.DataFrame], pl.DataFrame], /) -> Rows:
        """What `work` makes of each partition; see `Rows.mapped`."""
        like = self.like

        def unpacked(cells: pl.DataFrame) -> pl.DataFrame:
            return work(pl.concat([like, *(pl.read_ipc(BytesIO(cell)) for cell in cells["cell"])]))

        return Rows(self.spark, pl.DataFrame(schema={"cell": pl.Binary})).mapped(unpacked)


def beside(tables: Mapping[str, pl.DataFrame], /) -> pl.DataFrame:
    """Tables side by side, as Spark can move them in one: a column for each, and each row in one of these."""
    packed = [_plain(table).select(pl.struct(pl.all()).alias(name)) for name, table in tables.items()]
    return pl.concat(packed, how="diagonal")


def taken_apart(rows: pl.DataFrame, name: str, /) -> pl.DataFrame:
    """The rows of one of the tables that lie side by side."""
    return rows.select(pl.col(name).filter(pl.col(name).is_not_null())).unnest(name)


def _portions(batches: Iterable[pa.RecordBatch], *, at_once: int | None) -> Iterator[pa.Table]:
    """The batches in tables of at least so many rows, or all in one; none where there are no rows."""
    from pyarrow import Table

    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if at_once is not None and sum(one.num_rows for one in held) >= at_once:
            yield Table.from_batches(held)
            held = []
    if any(batch.num_rows for batch in held):
        yield Table.from_batches(held)


def _polars(table: pa.Table) -> pl.DataFrame:
    """The table in Polars; Spark tells moments in the time zone of its session, this package in UTC."""
    frame = pl.DataFrame(table)
    zoned = [
        name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    return frame.with_columns(pl.col(zoned).dt.convert_time_zone("UTC"))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """The table in Arrow, in types that Spark has."""
    import pyarrow as pa

    table = _plain(frame).to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema((column.name, _narrow(column.type)) for column in table.schema))


def _ipc(rows: pl.DataFrame) -> bytes:
    with BytesIO() as file:
        rows.write_ipc(file, compression="lz4")
        return file.getvalue()


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """One of a few words is a text to Spark."""
    return frame.with_columns(pl.col(pl.Enum).cast(pl.String))


def _narrow(dtype: pa.DataType) -> pa.DataType:
    """The type with lists of the size that Spark reads."""
    import pyarrow as pa

    if pa.types.is_large_list(dtype):
        return pa.list_(_narrow(dtype.value_type))
    if pa.types.is_struct(dtype):
        return pa.struct([(field.name, _narrow(field.type)) for field in dtype])
    return dtype
