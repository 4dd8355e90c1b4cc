"""The raw files: records as they arrived, out of order, some of them twice, over many files."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from deliverlab.sample.sendgrid import sendgrid_record
from deliverlab.sample.ses import ses_record, sns_envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

FORMATS: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "firehose": ("raw/ses/{period}-firehose-{part:02d}.ndjson.gz", ses_record),
    "sns": ("raw/ses/{period}-sns-{part:02d}.ndjson.gz", sns_envelope),
    "sendgrid": ("raw/sendgrid/{period}-events-{part:02d}.json.gz", sendgrid_record),
}
DUPLICATED_SHARE = 0.02
USUAL_DELAY, LONG_DELAY = 120.0, 6 * 3_600.0  # seconds until a record arrives, on average
LONG_DELAYED_SHARE = 0.03
PART_DAYS = 10  # of a month in a file


def export(
    events: pl.DataFrame, /, *, record_format: str, last_day: date, rng: np.random.Generator
) -> dict[str, bytes]:
    """Packed files by name, in the order of arrival; a record that came twice is the same to the letter.

    SES files hold a record a line, SendGrid's an array. What arrives after `last_day` is in its file.
    """
    name, record_of = FORMATS[record_format]
    twice = events.filter(pl.Series(rng.random(events.height) < DUPLICATED_SHARE))
    arriving = pl.concat([events, twice])
    is_late = rng.random(arriving.height) < LONG_DELAYED_SHARE
    delay_s = rng.exponential(np.where(is_late, LONG_DELAY, USUAL_DELAY)).astype(np.int64)
    arrived_at = pl.col("occurred_at") + pl.duration(seconds="delay_s")
    arrived_on = pl.min_horizontal(arrived_at.dt.date(), pl.lit(last_day))
    part = ((arrived_on.dt.day() - 1) // PART_DAYS + 1).clip(1, 3)
    files = (
        arriving.with_columns(delay_s=pl.Series(delay_s))
        .sort(arrived_at, "account_id", "event")
        .with_columns(period=arrived_on.dt.strftime("%Y-%m"), part=part)
        .partition_by("period", "part", as_dict=True, include_key=False)
    )
    return {
        name.format(period=period, part=part): _packed(map(record_of, rows.iter_rows(named=True)), name=name)
        for (period, part), rows in sorted(files.items())
    }


def _packed(records: Iterable[dict[str, Any]], *, name: str) -> bytes:
    """The file's bytes, without a name or a time: the same records are the same bytes."""
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    text = (
        "[" + ",\n".join(lines) + "]\n"
        if name.endswith(".json.gz")
        else "".join(f"{line}\n" for line in lines)
    )
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text.encode())
    return packed.getvalue()
