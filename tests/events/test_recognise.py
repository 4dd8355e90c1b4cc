"""Whose an export is, told by its records."""

import json
from pathlib import Path

import pytest

from deliverlab.errors import DataError
from deliverlab.events.providers import PROVIDERS
from deliverlab.events.read import read_provider
from tests.events.exports import Json, ndjson, only, sendgrid, ses, sns
from tests.events.test_lines import RECORDS


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("shape", ["lines", "array", "one"])
def test_every_provider_is_recognised(tmp_path: Path, provider: str, shape: str) -> None:
    """In lines, arrays, pages and envelopes, and after garbage."""
    records = RECORDS[provider]
    contents = {
        "lines": b"garbage\n" + ndjson(*records),
        "array": json.dumps(records, indent=1).encode(),
        "one": json.dumps(records[-1]).encode(),
    }
    (tmp_path / "export").write_bytes(contents[shape])
    auto = read_provider(tmp_path, provider="auto")
    named = read_provider(tmp_path, provider=provider)
    assert auto.providers == {"export": provider}
    assert auto.events.equals(named.events)
    assert auto.accepted > 0


def test_each_file_is_recognised_by_itself(tmp_path: Path) -> None:
    """A directory may hold exports of several providers."""
    for provider, records in RECORDS.items():
        (tmp_path / f"{provider}.json").write_bytes(ndjson(*records))
    reading = read_provider(tmp_path, provider="auto")
    assert reading.providers == {f"{provider}.json": provider for provider in RECORDS}
    assert set(reading.events["provider"]) == set(RECORDS)


@pytest.mark.parametrize(
    "envelope",
    [
        {"Records": [{"Sns": sns(ses("Send"))}]},
        {"Records": [{"body": json.dumps(sns(ses("Send")))}]},
        {"Records": [{"body": json.dumps(ses("Send"))}]},
        {"Messages": [{"MessageId": "q-1", "Body": json.dumps(sns(ses("Send")))}]},
        {"version": "0", "source": "aws.ses", "detail": ses("Send")},
    ],
)
def test_ses_is_recognised_in_every_envelope(tmp_path: Path, envelope: Json) -> None:
    """Lambda, SQS with and without SNS or as it is polled, and EventBridge hand on the same event."""
    (tmp_path / "export").write_bytes(ndjson(envelope, ses("Send")))
    reading = read_provider(tmp_path, provider="auto")
    assert (reading.accepted, reading.duplicate, reading.quarantined) == (1, 1, 0)


OPENED = {"MessageID": "m-1", "Recipient": "ann@mail.test", "ReceivedAt": "2026-05-04T05:00:07.2500001-04:00"}
CLICKED = {**OPENED, "ClickLocation": "HTML", "OriginalLink": "https://shop.test"}
FORM = {
    "recipient": "ann@mail.test", "domain": "shop.test", "timestamp": "1777885207", "token": "t",
    "signature": "s",
}  # fmt: skip
SECOND = "2026-05-04 09:00:07"


@pytest.mark.parametrize(
    ("record", "provider", "event_type"),
    [
        ({**OPENED, "FirstOpen": False, "Platform": "WebMail"}, "postmark", "open"),
        (CLICKED, "postmark", "click"),
        ({"ServerId": 23, "MessageID": "m-1", "Recipient": "ann@mail.test", "DeliveredAt": SECOND},
         "postmark", "delivered"),
        ({"TotalCount": 1, "Opens": [{**OPENED, "RecordType": "Open"}]}, "postmark", "open"),
        ({"TotalCount": 1, "Clicks": [CLICKED]}, "postmark", "click"),
        ({**FORM, "event": "opened", "campaign-id": "c", "client-type": "browser"}, "mailgun", "open"),
        ({**FORM, "event": "bounced", "code": "550", "error": "5.1.1 no such user"}, "mailgun",
         "hard_bounce"),
        ({**FORM, "event": "dropped", "reason": "hardfail", "code": "605"}, "mailgun", "dropped"),
        ({"event": "account_status_change", "sg_event_id": "e", "timestamp": 1_777_885_207}, "sendgrid",
         "other"),
        ({"event": "list_addition", "email": ["ann@mail.test", "bob@mail.test"], "list_id": [1],
          "ts": 1_777_885_207}, "brevo", "other"),
    ],
)  # fmt: skip
def test_records_of_other_days_and_ways_are_recognised(
    tmp_path: Path, record: Json, provider: str, event_type: str
) -> None:
    """What was posted before 2018, what is polled, and what concerns no mail: whose, what and when."""
    (tmp_path / "export").write_text(json.dumps(record))
    reading = read_provider(tmp_path, provider="auto")
    event = only(reading)
    assert (reading.providers["export"], event["event_type"]) == (provider, event_type)
    assert f"{event['occurred_at']:%Y-%m-%d %H:%M:%S}" == SECOND
    assert event["recipient"] == (None if provider == "sendgrid" else "ann@mail.test")


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"hello\n", "no known provider"),
        (b'{"n":1}', "no known provider"),
        (ndjson(ses("Send"), sendgrid("open")), "sendgrid and of ses"),
    ],
)
def test_there_is_no_guess(tmp_path: Path, content: bytes, looks_like: str) -> None:
    """Of nobody's records, or of two providers', nothing is read: one line says so."""
    (tmp_path / "export").write_bytes(content)
    with pytest.raises(DataError, match="must be read with one provider named") as error:
        read_provider(tmp_path, provider="auto")
    assert looks_like in str(error.value)


def test_an_empty_file_needs_no_provider(tmp_path: Path) -> None:
    """There is nothing to be wrong about."""
    (tmp_path / "export").write_bytes(b"")
    assert read_provider(tmp_path, provider="auto").read == 0
