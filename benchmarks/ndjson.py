"""NDJSON of SES to events: deliverlab's whole mapping against plain reading of the file by its peers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

CONTENDERS = ("deliverlab", "polars", "duckdb")
AT_ONCE = 100_000
SHARES = {"Send": 0.5, "Delivery": 0.4, "Open": 0.07, "Click": 0.01, "Bounce": 0.015, "Complaint": 0.005}
FILE = "export.ndjson"


def prepare(inputs: Path, /, *, quick: bool) -> dict[str, object]:
    """Write event records as Firehose does, one a line, a fifth of them with the headers of their mail."""
    records = 200_000 if quick else 5_000_000
    with (inputs / FILE).open("w", encoding="utf-8") as file:
        for start in range(0, records, AT_ONCE):
            file.writelines(_lines(start, AT_ONCE))
    return {"records": records, "mib": round((inputs / FILE).stat().st_size / 2**20)}


def deliverlab(inputs: Path, /) -> pl.DataFrame:
    """How many events of each type there are, read, mapped and keyed a batch at a time."""
    from deliverlab.events.exports import batches, find_exports
    from deliverlab.events.reading import Settings
    from deliverlab.events.ses import PROVIDER

    (export,) = find_exports(inputs / FILE)
    counts = [
        batch.events.group_by("event_type").len()
        for batch in batches(export, provider=PROVIDER, settings=Settings())
    ]
    return _answer(pl.concat(counts).with_columns(pl.col("event_type").cast(pl.String)))


def polars(inputs: Path, /) -> pl.DataFrame:
    """The records as Polars reads them, all columns in memory."""
    return _counted(pl.read_ndjson(inputs / FILE))


def duckdb(inputs: Path, /) -> pl.DataFrame:
    """The records as DuckDB reads them, all columns in a table in memory."""
    import duckdb as engine

    connection = engine.connect()
    connection.sql(
        f"create table records as select * from read_json('{inputs / FILE}', format='newline_delimited')"
    )
    answer = inputs / "types-by-duckdb.parquet"
    connection.sql(f"copy (select eventType, bounce.bounceType as bounceType from records) to '{answer}'")
    connection.close()
    types = pl.read_parquet(answer).with_columns(bounce=pl.struct("bounceType"))
    return _counted(types)


def _counted(records: pl.DataFrame) -> pl.DataFrame:
    """The same answer from the records themselves."""
    is_hard = pl.col("bounce").struct.field("bounceType") == "Permanent"
    names = {
        "Send": "sent",
        "Delivery": "delivered",
        "Open": "open",
        "Click": "click",
        "Complaint": "complaint",
    }
    event_type = (
        pl.when(pl.col("eventType") == "Bounce")
        .then(pl.when(is_hard).then(pl.lit("hard_bounce")).otherwise(pl.lit("soft_bounce")))
        .otherwise(pl.col("eventType").replace(names))
    )
    return _answer(records.group_by(event_type=event_type).len())


def _answer(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.group_by("event_type").agg(pl.col("len").sum().cast(pl.Int64)).sort("event_type")


def _lines(start: int, count: int) -> list[str]:
    rng = np.random.default_rng([20260601, start])
    kinds = rng.choice(list(SHARES), count, p=list(SHARES.values()))
    kinds[: len(SHARES)] = list(SHARES)  # Polars learns the columns from the first hundred records
    offsets = rng.integers(0, 90 * 86_400_000, count)
    accounts = rng.integers(0, 5_000, count)
    first = np.datetime64("2026-03-01T00:00:00.000")
    sent = np.datetime_as_string(first + offsets.astype("timedelta64[ms]"), unit="ms")
    then = np.datetime_as_string(first + (offsets + 7_250).astype("timedelta64[ms]"), unit="ms")
    return [
        _line(start + row, str(kinds[row]), int(accounts[row]), f"{sent[row]}Z", f"{then[row]}Z")
        for row in range(count)
    ]


def _line(number: int, kind: str, account: int, sent: str, then: str) -> str:
    recipient = f"person.{number * 7919 % 1_000_003}@mail{number % 97}.example.com"
    message = f"0100018f{number:016x}-8d5c-4c1e-9f0a-{account:012x}-000000"
    mail: dict[str, object] = {
        "timestamp": sent,
        "source": f"news@account-{account}.example.com",
        "sendingAccountId": "123456789012",
        "messageId": message,
        "destination": [recipient],
        "headersTruncated": False,
        "commonHeaders": {
            "from": [f"news@account-{account}.example.com"],
            "to": [recipient],
            "subject": "News",
        },
        "tags": {
            "ses:configuration-set": ["all"],
            "account_id": [f"account-{account}"],
            "campaign_id": ["may"],
        },
    }
    if number % 5 == 0:
        mail["headers"] = [
            {"name": name, "value": recipient} for name in ("From", "To", "Subject", "Reply-To")
        ]
    concerned = [{"emailAddress": recipient, "action": "failed", "status": "5.1.1",
                  "diagnosticCode": f"smtp; 550 5.1.1 <{recipient}>: user unknown"}]  # fmt: skip
    parts: dict[str, dict[str, object]] = {
        "Send": {"send": {}},
        "Delivery": {"delivery": {"timestamp": then, "processingTimeMillis": 7_250, "recipients": [recipient],
                                  "smtpResponse": "250 2.0.0 OK", "reportingMTA": "mta.example.com"}},
        "Open": {"open": {"timestamp": then, "ipAddress": "192.0.2.7", "userAgent": "Mozilla/5.0"}},
        "Click": {"click": {"timestamp": then, "ipAddress": "192.0.2.7", "link": "https://example.com/may"}},
        "Bounce": {"bounce": {"timestamp": then, "feedbackId": message, "bouncedRecipients": concerned,
                              "bounceType": "Permanent" if number % 3 else "Transient",
                              "bounceSubType": "General"}},
        "Complaint": {"complaint": {"timestamp": then, "feedbackId": message,
                                    "complainedRecipients": [{"emailAddress": recipient}]}},
    }  # fmt: skip
    return json.dumps({"eventType": kind, "mail": mail, **parts[kind]}, separators=(",", ":")) + "\n"
