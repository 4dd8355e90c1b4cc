"""What deliverlab says when input cannot be used: one line with what, where, the value, what it must be."""


class DeliverlabError(Exception):
    """The input cannot be used; the message is one line that a person can act on."""


class DataError(DeliverlabError):
    """A table or a file is not what it must be."""


class PolicyError(DeliverlabError):
    """A policy or a scenario is not what it must be, or does not fit the history it is run on."""
