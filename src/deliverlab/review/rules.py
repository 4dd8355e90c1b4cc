"""The numbers and words of a contact review, read from TOML, each with its source."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from deliverlab.errors import PolicyError
from deliverlab.schemas import BOUNCE_REASONS

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SHIPPED = files("deliverlab.review") / "rules.toml"
Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
Words = tuple[Word, ...]
Count = Annotated[int, Field(ge=1, strict=True)]


def _known(reason: str) -> str:
    if reason not in BOUNCE_REASONS:
        raise ValueError(f"must be one of {', '.join(BOUNCE_REASONS)}")
    return reason


BounceReasons = tuple[Annotated[str, AfterValidator(_known)], ...]


class ReviewRules(BaseModel):
    """What a contact review goes by; `sources` says of each number and word list where it comes from.

    >>> ReviewRules.default().never_engaged_sends
    11
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    implied_lapses_after_months: Count
    inquiry_lapses_after_months: Count
    inquiry_words: Words
    form_words: Words
    third_party_words: Words
    own_brands: Words
    never_engaged_sends: Count
    no_longer_engaged_sends: Count
    quiet_days: Count
    resend_quiet_days: Count
    address_bounces: BounceReasons
    sender_bounces: BounceReasons
    repeated_hard_bounces: Count
    mailbox_problems: BounceReasons
    repeated_mailbox_problems: Count
    role_names: Words
    mailbox_domains: Words
    real_neighbours: Words
    tag_domains: Words
    dotless_domains: Words
    same_domains: dict[Word, Word]
    sources: dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]]

    @classmethod
    @cache
    def default(cls) -> Self:
        """The rules that ship with deliverlab."""
        return cls._checked(_shipped(), path="rules.toml")

    @classmethod
    def from_toml(cls, path: str | Path, /) -> Self:
        """The shipped rules with the changes that a file makes.

        A changed rule needs a source of its own: the shipped one would vouch for a number it never gave.
        Raises `PolicyError` for a file that cannot be read, an unknown key, a value out of range, a change
        without a source.
        """
        changes = read_rules(Path(path))
        shipped = _shipped()
        sources = changes.pop("sources", {})
        if not isinstance(sources, dict):
            raise PolicyError(f"{path}: sources == {sources!r}, must be a table of sentences by rule")
        for name in changes:
            if name in shipped and name not in sources:
                raise PolicyError(
                    f"{path}: {name} is changed without a source, must have one under [sources]"
                )
        return cls._checked(shipped | changes | {"sources": shipped["sources"] | sources}, path=path)

    @classmethod
    def _checked(cls, values: dict[str, Any], *, path: str | Path) -> Self:
        for name in values["sources"]:
            if name not in cls.model_fields:
                raise PolicyError(f"{path}: sources.{name}, must be the name of a rule{_hint(name, cls)}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise PolicyError(f"{path}: {place} is no rule{_hint(place, cls)}") from None
            raise PolicyError(f"{path}: {place} == {first['input']!r}, {_demand(first['msg'])}") from None


def _shipped() -> dict[str, Any]:
    """The numbers and word lists; what findings lead to stands in the same file (see `reasons`)."""
    return {name: rule for name, rule in read_rules(SHIPPED).items() if name != "reasons"}


def read_rules(path: Path | Traversable, /) -> dict[str, Any]:
    """A file of rules as it stands there; raises `PolicyError` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{path}: must be a TOML file that can be read ({error})") from error


def _hint(name: str, rules: type[ReviewRules]) -> str:
    close = get_close_matches(name, rules.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _demand(message: str) -> str:
    """What pydantic asks for, in this package's words."""
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)
