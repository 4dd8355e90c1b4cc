"""What receivers say and readers use, as records show it: on names and addresses reserved for examples."""

from __future__ import annotations

# A receiver's enhanced status code and its words, by bounce reason.
REPLIES = {
    "invalid_address": ("5.1.1", "550 5.1.1 user unknown"),
    "mailbox_disabled": ("5.2.1", "550 5.2.1 mailbox disabled"),
    "mailbox_full": ("5.2.2", "552 5.2.2 mailbox full"),
    "transient": ("4.4.2", "421 4.4.2 connection dropped"),
    "blocked": ("5.7.1", "554 5.7.1 sender is on a blocklist"),
    "content": ("5.6.0", "554 5.6.0 message content refused"),
}
DEFERRAL = ("4.4.1", "451 4.4.1 no answer from host, try again later")
ACCEPTED = "250 2.0.0 OK"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROXY_USER_AGENT = "Mozilla/5.0"
READER_IP = "192.0.2.44"
LINK = "https://www.example.com/offer"


def sender(account_id: str) -> str:
    """The address that an account sends from."""
    return f"news@{account_id}.example.com"
