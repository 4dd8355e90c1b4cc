"""One list of contacts drawn by hand: each rule at its limits, and rules together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from deliverlab.review.decisions import contact_decisions
from deliverlab.review.reasons import REASONS
from tests.review.lists import AS_OF, GOOD, TYPES, events_of
from tests.tables import table

# A dot is what a good contact has, a dash is nothing. The list `plain` has no events, `mailed` has some:
# what is written under `mail` befell the contact, a day each, from 2026-03-02 on.
PERMISSION = """
    consent       | source            | means            | given      | import | brand | decision  | reasons
    .             | .                 | .                | .          | -      | -     | keep      | -
    single_opt_in | .                 | .                | .          | -      | -     | keep      | -
    single_opt_in | checkout          | box ticked       | .          | spring | -     | keep      | -
    none          | .                 | .                | .          | -      | -     | remove    | no_permission
    none          | -                 | -                | -          | -      | -     | remove    | no_permission
    unknown       | -                 | -                | -          | -      | -     | remove    | no_permission
    unknown       | .                 | .                | .          | -      | -     | reconfirm | permission_unverifiable
    unknown       | old system        | -                | -          | -      | -     | reconfirm | permission_unverifiable
    .             | -                 | .                | .          | -      | -     | reconfirm | permission_unverifiable
    .             | .                 | -                | .          | -      | -     | reconfirm | permission_unverifiable
    single_opt_in | .                 | .                | -          | -      | -     | reconfirm | permission_unverifiable
    .             | .                 | .                | 2026-07-01 | -      | -     | reconfirm | permission_unverifiable
    .             | .                 | .                | 2026-06-30 | -      | -     | keep      | -
    .             | .                 | .                | -          | spring | -     | remove    | imported_without_proof
    unknown       | -                 | -                | -          | spring | -     | remove    | imported_without_proof
    unknown       | .                 | .                | .          | spring | -     | remove    | imported_without_proof
    none          | -                 | -                | -          | spring | -     | remove    | no_permission imported_without_proof
    .             | purchased list    | .                | .          | -      | -     | remove    | imported_without_proof
    single_opt_in | list broker       | -                | -          | bought | -     | remove    | imported_without_proof
    .             | .                 | via an Affiliate | .          | -      | -     | remove    | imported_without_proof
    .             | .                 | .                | .          | -      | Other | remove    | other_brand
    none          | .                 | .                | .          | -      | Other | remove    | no_permission other_brand
    implied       | order             | customer         | .          | -      | -     | reconfirm | implied_consent
    implied       | order             | customer         | 2024-07-01 | -      | -     | reconfirm | implied_consent
    implied       | order             | customer         | 2024-06-30 | -      | -     | remove    | implied_consent_lapsed
    implied       | inquiry           | telephone        | 2026-01-01 | -      | -     | reconfirm | implied_consent
    implied       | inquiry           | telephone        | 2025-12-30 | -      | -     | remove    | implied_consent_lapsed
    implied       | order             | -                | .          | -      | -     | reconfirm | permission_unverifiable
    implied       | order             | customer         | 2024-06-30 | spring | -     | remove    | implied_consent_lapsed
    .             | .                 | .                | 2019-01-01 | -      | -     | keep      | -
"""  # noqa: E501
ENGAGEMENT = """
    list   | joined     | read       | mails | mail                            | decision  | reasons
    plain  | .          | -          | 10    | -                               | keep      | -
    plain  | .          | -          | 11    | -                               | remove    | never_engaged
    plain  | .          | .          | 15    | -                               | keep      | -
    plain  | .          | .          | 16    | -                               | reconfirm | no_longer_engaged
    plain  | .          | -          | -     | -                               | keep      | -
    plain  | 2024-01-01 | 2025-06-30 | 0     | -                               | reconfirm | not_mailed_in_a_year
    plain  | 2024-01-01 | 2025-07-01 | 0     | -                               | keep      | quiet_for_a_resend
    plain  | 2024-01-01 | 2025-12-30 | 0     | -                               | keep      | quiet_for_a_resend
    plain  | 2024-01-01 | 2025-12-31 | 0     | -                               | keep      | -
    plain  | 2024-01-01 | 2025-06-30 | 3     | -                               | keep      | -
    mailed | .          | -          | -     | sent*10                         | keep      | -
    mailed | .          | -          | -     | sent*11                         | remove    | never_engaged
    mailed | .          | -          | -     | delivered*11                    | remove    | never_engaged
    mailed | .          | -          | -     | sent*11 proxy_open*3            | remove    | never_engaged
    mailed | .          | -          | -     | sent*11 proxy_click             | remove    | never_engaged
    mailed | .          | -          | -     | sent*11 open                    | keep      | -
    mailed | .          | -          | -     | sent click sent*15              | keep      | -
    mailed | .          | -          | -     | sent click sent*16              | reconfirm | no_longer_engaged
    mailed | .          | -          | -     | sent open sent*16 proxy_open    | reconfirm | no_longer_engaged
    mailed | .          | -          | -     | sent*12 dropped*5 click         | keep      | -
    mailed | .          | 2026-06-01 | 2     | sent*12                         | remove    | never_engaged records_disagree
    mailed | .          | -          | 20    | sent click                      | keep      | records_disagree
    mailed | .          | 2026-03-03 | 0     | sent open                       | keep      | -
    mailed | 2024-01-01 | 2024-05-01 | 0     | sent                            | keep      | -
"""  # noqa: E501
ADDRESS = """
    email                   | consent       | source   | means  | status       | mail                          | decision  | reasons
    not an address          | .             | .        | .      | .            | -                             | remove    | invalid_address
    two@@example.com        | .             | .        | .      | .            | -                             | remove    | invalid_address
    gone@example.invalid    | .             | .        | .      | .            | -                             | remove    | invalid_address
    slip@gamil.com          | .             | .        | .      | .            | -                             | remove    | typo_domain
    slip@outlok.com         | .             | .        | .      | .            | -                             | remove    | typo_domain
    real@ymail.com          | .             | .        | .      | .            | -                             | keep      | -
    short@mailinator.com    | .             | .        | .      | .            | -                             | remove    | disposable_domain
    info@role.example.com   | single_opt_in | checkout | spoken | .            | -                             | reconfirm | role_address
    sales@role.example.com  | single_opt_in | web form | spoken | .            | -                             | keep      | -
    jane.doe@gmail.com      | .             | .        | .      | .            | -                             | keep      | -
    JaneDoe@gmail.com       | .             | .        | -      | .            | -                             | remove    | permission_unverifiable duplicate
    janedoe+a@gmail.com     | .             | .        | -      | .            | -                             | remove    | permission_unverifiable duplicate
    jane.doe@googlemail.com | .             | .        | -      | .            | -                             | remove    | permission_unverifiable duplicate
    twin.a@example.org      | .             | .        | .      | .            | -                             | keep      | -
    twina@example.org       | .             | .        | .      | .            | -                             | keep      | -
    kim@outlook.com         | .             | .        | .      | .            | -                             | keep      | -
    kim+news@outlook.com    | .             | .        | .      | .            | -                             | remove    | duplicate
    k.im@outlook.com        | .             | .        | .      | .            | -                             | keep      | -
    left@example.com        | .             | .        | .      | unsubscribed | -                             | remove    | unsubscribed
    angry@example.com       | .             | .        | .      | complained   | -                             | remove    | complained
    dead@example.com        | .             | .        | .      | hard_bounced | -                             | remove    | hard_bounced
    alive@example.com       | .             | .        | .      | hard_bounced | sent delivered                | keep      | records_disagree
    b1@example.com          | .             | .        | .      | .            | hard:invalid_address          | remove    | hard_bounced
    b2@example.com          | .             | .        | .      | .            | hard:mailbox_disabled         | remove    | hard_bounced
    b3@example.com          | .             | .        | .      | .            | hard:unknown*2                | keep      | -
    b4@example.com          | .             | .        | .      | .            | hard:unknown*3                | remove    | repeatedly_bounced
    b5@example.com          | .             | .        | .      | .            | hard:blocked*5                | keep      | -
    b6@example.com          | .             | .        | .      | .            | soft:mailbox_full*6           | keep      | -
    b7@example.com          | .             | .        | .      | .            | soft:mailbox_full*7           | remove    | repeatedly_bounced
    b8@example.com          | .             | .        | .      | .            | soft:mailbox_full*7 delivered | keep      | -
    b9@example.com          | .             | .        | .      | .            | soft:transient*9              | keep      | -
    c1@example.com          | .             | .        | .      | .            | complaint                     | remove    | complained
    c2@example.com          | .             | .        | .      | .            | unsubscribe                   | remove    | unsubscribed
"""  # noqa: E501
TOGETHER = """
    email                 | consent | source | means | given      | import | mails | mail                 | decision  | reasons
    one@gmial.com         | none    | -      | -     | -          | -      | -     | hard:invalid_address | remove    | no_permission typo_domain disposable_domain hard_bounced
    two@example.com       | implied | order  | -     | -          | -      | 16    | -                    | reconfirm | permission_unverifiable no_longer_engaged
    three@example.com     | unknown | broker | -     | -          | bought | -     | sent*11 complaint    | remove    | imported_without_proof complained never_engaged
    info@five.example.org | implied | order  | card  | 2026-02-01 | -      | -     | sent*11 unsubscribe  | remove    | unsubscribed implied_consent never_engaged role_address
    six@mailinator.com    | unknown | -      | -     | -          | web    | -     | hard:invalid_address | remove    | imported_without_proof disposable_domain hard_bounced
    seven@example.com     | .       | .      | .     | 2026-03-05 | -      | -     | sent*2 open          | reconfirm | permission_unverifiable
    eight@example.com     | .       | .      | .     | 2026-03-05 | spring | -     | sent*2 open          | remove    | imported_without_proof
    nine@example.com      | .       | .      | .     | 2026-03-02 | -      | -     | sent*2 open          | keep      | -
"""  # noqa: E501
COLUMNS = {
    "email": "email", "consent": "consent", "source": "consent_source", "means": "consent_means",
    "given": "consent_at", "import": "import_id", "brand": "brand",
    "read": "last_engaged_at", "mails": "sends_since_engagement", "status": "status",
}  # fmt: skip
UNREAD = {"last_engaged_at": None, "sends_since_engagement": None}  # where events tell, the list does not


def drawn() -> pl.DataFrame:
    """Every contact that is drawn: as it is listed, its `mail`, and what is expected of it."""
    rows: list[dict[str, object]] = []
    for block in (PERMISSION, ENGAGEMENT, ADDRESS, TOGETHER):
        names = [name.strip() for name in block.strip().splitlines()[0].split("|")]
        for cells in table(block, **dict.fromkeys(names, pl.String)).iter_rows(named=True):
            is_mailed = bool(cells.get("mail")) or cells.get("list") == "mailed"
            row = GOOD | {"email": f"reader{len(rows)}@example.com"} | (UNREAD if is_mailed else {})
            row |= {"account_id": "mailed" if is_mailed else "plain"}
            if cells.get("joined", ".") != ".":
                row |= dict.fromkeys(("created_at", "consent_at"), cells["joined"])
            row |= {COLUMNS[name]: cell for name, cell in cells.items() if name in COLUMNS and cell != "."}
            rows.append(row | {name: cells.get(name) for name in ("mail", "decision", "reasons")})
    moments = {name: str(value) for name, value in GOOD.items() if isinstance(value, datetime)}
    texts = [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in rows]
    return (
        pl.DataFrame(texts)
        .with_columns(pl.col(*moments).str.head(10).str.to_date().cast(pl.Datetime("us", "UTC")))
        .with_columns(pl.col("sends_since_engagement").cast(pl.Int64))
    )


def mail_of(contacts: pl.DataFrame) -> pl.DataFrame:
    """What befell the contacts, as events: a word a day, `sent*3` on three of them."""
    lines = ["recipient | event_type | day | is_machine | bounce_reason"]
    for email, story in contacts.filter(pl.col("mail").is_not_null()).select("email", "mail").iter_rows():
        day = datetime(2026, 3, 2, tzinfo=UTC)
        for word in story.split():
            what, _, times = word.partition("*")
            name, _, reason = what.partition(":")
            is_machine = name.startswith("proxy_")
            kind = {"hard": "hard_bounce", "soft": "soft_bounce"}.get(name, name.removeprefix("proxy_"))
            for _ in range(int(times or 1)):
                lines.append(
                    f"{email} | {kind} | {day:%Y-%m-%d} | {str(is_machine).lower()} | {reason or '-'}"
                )
                day += timedelta(days=1)
    return events_of("\n".join(lines)).with_columns(account_id=pl.lit("mailed"))


def test_every_rule_alone_and_together() -> None:
    """The whole list at once: each contact gets the decision and the reasons that are drawn beside it."""
    contacts = drawn()
    listed = contacts.select(pl.col(name).cast(dtype) for name, dtype in TYPES.items())

    decisions = contact_decisions(listed, mail_of(contacts), as_of=AS_OF).collect()

    found = decisions.select(
        "account_id", "email", pl.col("decision").cast(pl.String), pl.col("reasons").list.join(" ")
    )
    expected = contacts.select("account_id", "email", "decision", pl.col("reasons").fill_null(""))
    differing = expected.join(found, on=["account_id", "email"]).filter(
        (pl.col("decision") != pl.col("decision_right")) | (pl.col("reasons") != pl.col("reasons_right"))
    )
    assert differing.rows() == []
    assert found.height == contacts.height >= 60


def test_no_reason_is_left_undrawn() -> None:
    """Each reason that there is stands in the drawing, and so does each decision."""
    contacts = drawn()

    assert set(" ".join(contacts["reasons"].drop_nulls()).split()) == set(REASONS)
    assert set(contacts["decision"]) == {"keep", "reconfirm", "remove"}
