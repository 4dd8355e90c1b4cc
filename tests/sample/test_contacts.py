"""Mailing lists: what a reviewer has to find, and figures that agree with the raw records."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import polars as pl

from deliverlab.sample.contacts import ROLE_NAMES, SLIPPED_DOMAINS
from deliverlab.sample.roles import ROLES
from deliverlab.sample.tally import OVERSTATED
from deliverlab.sample.world import World

OVERSTATING = next(
    f"acct-{number:04d}" for number, role in enumerate(ROLES, start=1) if role.overstates_engagement
)


def test_every_raw_account_has_a_list_of_a_few_hundred(world: World) -> None:
    """At least twelve accounts, with 150 to 600 contacts each."""
    sizes = world.contacts.group_by("account_id").len()
    assert sizes.height == len(ROLES) >= 12
    assert sizes["len"].is_between(150, 600).all()


def test_every_kind_of_consent_and_status_is_there(world: World) -> None:
    """A reviewer meets all of them."""
    words = world.contacts.select(pl.col("consent", "status").cast(pl.String))
    assert set(words["consent"]) == {"double_opt_in", "single_opt_in", "implied", "none", "unknown"}
    assert set(words["status"]) == {"active", "unsubscribed", "hard_bounced", "complained"}


def test_every_list_has_what_a_review_must_find(world: World) -> None:
    """Roles, slips, no addresses, twins, another brand, lapsed consent, and people who never read."""
    for (account_id,), contacts in world.contacts.group_by("account_id"):
        email = contacts["email"]
        local, domain = email.str.split("@").list.first(), email.str.split("@").list.last()
        assert set(ROLE_NAMES) <= set(local), account_id
        assert set(SLIPPED_DOMAINS) <= set(domain)
        assert contacts.filter(pl.col("email").str.count_matches("@") != 1).height >= 2
        assert email.str.to_lowercase().n_unique() <= contacts.height - 3
        assert contacts["brand"].n_unique() == 2
        created = contacts["created_at"].min()
        assert isinstance(created, datetime)
        is_old = (pl.col("consent").cast(pl.String) == "implied") & (
            pl.col("consent_at") < created - timedelta(days=730)
        )
        assert contacts.filter(is_old).height >= 2
        assert (
            contacts.filter(pl.col("last_engaged_at").is_null(), pl.col("sends_since_engagement") >= 6).height
            >= 5
        )


def test_consent_is_dated_before_the_listing(world: World) -> None:
    """Nobody is on a list before saying so, and nobody in the future."""
    dated = world.contacts.drop_nulls("consent_at")
    assert (dated["consent_at"] <= dated["created_at"]).all()
    assert (world.contacts["created_at"] < datetime(2026, 7, 1, tzinfo=UTC)).all()


def test_a_purchased_list_came_without_proof(world: World) -> None:
    """Its contacts carry the import's name and no permission."""
    bought = world.contacts.filter(pl.col("import_id").str.starts_with("purchased"))
    assert bought["account_id"].n_unique() >= 3
    assert set(bought["consent"].cast(pl.String)) == {"none"}
    assert bought["consent_at"].null_count() == bought.height


def test_lists_agree_with_the_raw_records(world: World) -> None:
    """Last engagement and mails since are those of the records, but for one account that claims more."""
    history = _history(world)
    compared = world.contacts.join(history, on=["account_id", "email"], how="left").with_columns(
        pl.col("sends").fill_null(0)
    )
    disagrees = ~(
        pl.col("last_engaged_at").eq_missing(pl.col("engaged_at"))
        & (pl.col("sends_since_engagement") == pl.col("sends"))
    )
    wrong = compared.filter(disagrees)
    assert set(wrong["account_id"]) == {OVERSTATING}
    assert wrong.height == OVERSTATED
    assert wrong["engaged_at"].null_count() == OVERSTATED


def _history(world: World) -> pl.DataFrame:
    """What the raw SES and SendGrid files say of each contact, read here in the plainest way."""
    rows = []
    for name, packed in world.raw.items():
        text = gzip.decompress(packed).decode()
        records = json.loads(text) if "sendgrid" in name else map(json.loads, text.splitlines())
        rows += [_sendgrid(record) if "sendgrid" in name else _ses(record) for record in records]
    events = pl.DataFrame(
        [row for row in rows if row is not None], schema=["account_id", "email", "kind", "at"], orient="row"
    ).unique()
    at = pl.col("at").cast(pl.Datetime(time_unit="us", time_zone="UTC"))
    engaged_at = at.filter(pl.col("kind") == "engaged").max()
    sent_at = at.filter(pl.col("kind") == "sent")
    return events.group_by("account_id", "email").agg(
        engaged_at=engaged_at, sends=sent_at.filter((sent_at > engaged_at).fill_null(value=True)).len()
    )


def _ses(record: dict) -> tuple[str, str, str, datetime] | None:  # type: ignore[type-arg]
    event = json.loads(record["Message"]) if "Message" in record else record
    kind = {"Send": "sent", "Open": "engaged", "Click": "engaged"}.get(event["eventType"])
    if kind is None:
        return None
    mail = event["mail"]
    moment = mail["timestamp"] if kind == "sent" else event[event["eventType"].lower()]["timestamp"]
    return mail["tags"]["account_id"][0], mail["destination"][0], kind, datetime.fromisoformat(moment)


def _sendgrid(event: dict) -> tuple[str, str, str, datetime] | None:  # type: ignore[type-arg]
    kind = {"processed": "sent", "open": "engaged", "click": "engaged"}.get(event["event"])
    if kind is None or event.get("sg_machine_open"):
        return None
    return event["account_id"], event["email"], kind, datetime.fromtimestamp(event["timestamp"], tz=UTC)
