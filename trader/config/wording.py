"""
How a mistake reads: where, what, what is allowed, and what was probably meant.

Nothing that looks like a secret is ever echoed, and no echo is longer than a
line; so whatever stands in a config file, its problems may be shown to anyone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal

from trader.config.secret_values import masked

SHOWN_CHARACTERS = 60
LISTED_NAMES = 24


def shown(value: object) -> str:
    """*value* as it may be echoed in a sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, float):
        return clipped(repr(value).lower().removesuffix(".0"))
    if isinstance(value, Decimal | int):
        return clipped(str(value).lower())
    return f"'{clipped(str(value))}'"


def clipped(text: str) -> str:
    """*text* in one line of bounded length, what looks like a secret masked first."""
    line = "".join(character if character.isprintable() else "?" for character in masked(text))
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def near(name: str, options: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The option that was probably meant by *name*, if any is close."""
    by_lower: dict[str, str] = {option.lower(): option for option in options}
    found = difflib.get_close_matches(name.lower()[:SHOWN_CHARACTERS], by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """`did you mean X?`, or else `allowed: …` with every option."""
    names = list(options)
    meant = near(name, names)
    return f"did you mean {meant}?" if meant else f"allowed: {listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Names in a row, cut where there are too many to read."""
    every = list(names)
    rest = len(every) - LISTED_NAMES
    return ", ".join(every[:LISTED_NAMES]) + (f" and {rest} more" if rest > 0 else "") if every else "nothing"
