"""
One spelling for every noun: canonical JSON, driven by the type hints.

`dumps` writes any of our frozen dataclasses with sorted keys and no spaces, and
`loads` gives an equal one back, or says which type and field it could not read;
nothing is dropped and nothing is guessed.  Decimals are texts, instants end in
Z, a mapping with text keys is an object and any other mapping a sorted list of
[key, value].  Events, and members of a union, carry their `"type"`.

A `TradeProposal` is a stranger's: where a field holds what does not belong
there, it is kept as `{"junk": …}`, so that the audit shows what was proposed.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from trader.model.composites import Junk, noun, one_of, optional, tolerant
from trader.model.containers import by_key, by_text, column, fixed, sequence, unordered
from trader.model.events import Event
from trader.model.orders import Position
from trader.model.scalars import SCALARS, CodecError, Coder, enumeration
from trader.model.trading import TradeProposal

__all__ = ["CodecError", "Junk", "digest", "dumps", "from_plain", "loads", "loads_event", "to_plain"]

T = TypeVar("T")
EVENTS: frozenset[type] = frozenset(get_args(Event))
STRANGERS: frozenset[type] = frozenset({TradeProposal})
_FORWARD = {"Position": Position}  # named in annotations of floor 0 that cannot import it


def to_plain(obj: object) -> Any:
    """*obj*, one of our dataclasses, as mappings, lists, texts and numbers."""
    kind: Any = type(obj)
    return _coder(kind).encode(obj)


def from_plain(cls: type[T], plain: object) -> T:
    """The *cls* (a dataclass, or a union such as `Event`) that `to_plain` wrote as *plain*."""
    kind: Any = cls
    return cast(T, _coder(kind).decode(plain))


def dumps(obj: object) -> str:
    """The canonical JSON text of *obj*."""
    text = _WRITER.encode(to_plain(obj))
    # A lone surrogate has no UTF-8; its JSON escape has, and reads back as the same.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def loads(cls: type[T], text: str) -> T:
    """The *cls* that `dumps` wrote as *text*."""
    try:
        plain = _READER.decode(text)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"not JSON: {error}") from None
    return from_plain(cls, plain)


def loads_event(text: str) -> Event:
    """The event that `dumps` wrote as *text*."""
    return cast(Event, loads(cast(type[Any], Event), text))


def digest(text: str) -> str:
    """SHA-256 over a canonical text, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not canonical")


_WRITER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_READER = json.JSONDecoder(parse_constant=_no_constant)


def resolved(hint: Any) -> Any:
    """*hint* with its alias taken off: numpy 2.5 names its array types so (PEP 695)."""
    alias = hint if hasattr(hint, "__value__") else get_origin(hint)
    if not hasattr(alias, "__value__"):
        return hint
    arguments = get_args(hint)
    return alias.__value__[arguments] if arguments else alias.__value__


@cache
def _coder(hint: Any) -> Coder:
    """How values of the type *hint* are written and read."""
    hint = resolved(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union([member for member in inner if member is not type(None)], type(None) in inner)
    if origin is tuple:
        many = inner[-1] is Ellipsis
        return sequence(_coder(inner[0])) if many else fixed(tuple(_coder(each) for each in inner))
    if origin is frozenset:
        return unordered(_coder(inner[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        text = isinstance(inner[0], type) and issubclass(inner[0], str)
        return (by_text if text else by_key)(_coder(inner[0]), _coder(inner[1]))
    if origin is np.ndarray:
        return column(get_args(inner[1])[0])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return enumeration(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint, tagged=hint in EVENTS)
    raise CodecError(f"{hint}: no canonical form is known for this type")


def _dataclass(cls: type, *, tagged: bool) -> Coder:
    hints = get_type_hints(cls, localns=_FORWARD)
    names = sorted(field.name for field in fields(cls))
    coders = {name: _coder(hints[name]) for name in names}
    if cls in STRANGERS:
        coders = {name: tolerant(coder) for name, coder in coders.items()}
    return noun(cls, coders, tagged=tagged)


def _union(present: list[Any], with_none: bool) -> Coder:
    if len(present) == 1:
        inner = _coder(present[0])
    elif all(is_dataclass(member) for member in present):
        members = {member.__name__: member for member in present}
        inner = one_of(members, {name: _dataclass(member, tagged=True) for name, member in members.items()})
    else:
        raise CodecError(f"{' | '.join(map(str, present))}: only unions of our nouns have a canonical form")
    return optional(inner) if with_none else inner
