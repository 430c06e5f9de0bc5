"""
How dataclasses are spelt: every field by name, nothing unknown, nothing missing without a default.

A field that came later (`trader.model.later`) is spelt only where it differs from its default.

Whatever cannot be written or read is a `CodecError` that names type and field.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from trader.model.later import is_later
from trader.model.scalars import CodecError, Coder, shown

TAG = "type"


@dataclass(frozen=True, slots=True)
class Junk:
    """What a strategy put where it does not belong and JSON cannot carry: its type, and its text where harmless."""

    type: str
    text: str

    def __repr__(self) -> str:
        return self.text


def noun(cls: type, coders: Mapping[str, Coder], *, tagged: bool) -> Coder:
    """A dataclass as an object of its fields, each by its coder; *tagged* ones carry their type."""
    encoders = [(name, coder.encode) for name, coder in coders.items()]
    unsaid = [(part.name, coders[part.name].encode(part.default)) for part in fields(cls) if is_later(part)]
    decoders = {name: coder.decode for name, coder in coders.items()}
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    tag = {TAG: cls.__name__} if tagged else {}

    def encode(obj: Any) -> dict[str, Any]:
        if type(obj) is not cls:
            raise CodecError(f"{shown(obj)} where {cls.__name__} belongs")
        plain: dict[str, Any] = dict(tag)
        name = ""
        try:
            for name, write in encoders:
                plain[name] = write(getattr(obj, name))
        except CodecError as error:
            raise CodecError(f"{cls.__name__}.{name}: {error}") from None
        return _without(plain, unsaid) if unsaid else plain

    def decode(plain: Any) -> Any:
        if type(plain) is not dict:
            raise CodecError(f"{shown(plain)} where {cls.__name__} belongs")
        values: dict[str, Any] = {}
        name = ""
        try:
            for name, value in plain.items():
                if name in decoders:
                    values[name] = decoders[name](value)
                elif name not in tag or tag[name] != value:
                    raise CodecError("unknown field" + _did_you_mean(name, decoders))
        except CodecError as error:
            raise CodecError(f"{cls.__name__}.{name}: {error}") from None
        if missing := required - values.keys():
            raise CodecError(f"{cls.__name__}.{min(missing)}: missing")
        return cls(**values)

    return Coder(encode, decode)


def _without(plain: dict[str, Any], unsaid: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """*plain* less what came later and says nothing."""
    for name, default in unsaid:
        if plain[name] == default:
            del plain[name]
    return plain


def _did_you_mean(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def tolerant(coder: Coder) -> Coder:
    """*coder*, keeping as junk what it cannot write: JSON's own values exactly, the rest by type and text."""

    def encode(value: Any) -> Any:
        try:
            return coder.encode(value)
        except CodecError:
            if _is_json(value):
                return {"junk": value}
            junk = value if type(value) is Junk else Junk(type(value).__name__, shown(value))
            return {"junk": {"type": junk.type, "text": junk.text}}

    def decode(plain: Any) -> Any:
        if type(plain) is not dict or plain.keys() != {"junk"}:
            return coder.decode(plain)
        value = plain["junk"]
        if (
            type(value) is dict
            and value.keys() == {"type", "text"}
            and all(type(each) is str for each in value.values())
        ):
            return Junk(**value)
        if _is_json(value):
            return value
        raise CodecError(f"{shown(value)} is not junk in canonical form")

    return Coder(encode, decode)


def _is_json(value: object) -> bool:
    return type(value) in (str, int, bool, type(None)) or (type(value) is float and math.isfinite(value))


def optional(inner: Coder) -> Coder:
    """Null, or what *inner* says."""

    def encode(value: Any) -> Any:
        return None if value is None else inner.encode(value)

    def decode(plain: Any) -> Any:
        return None if plain is None else inner.decode(plain)

    return Coder(encode, decode)


def one_of(members: Mapping[str, type], coders: Mapping[str, Coder]) -> Coder:
    """A union of dataclasses, told apart by the type each carries."""
    if any(field.name == TAG for member in members.values() for field in fields(member)):
        raise CodecError(f"{', '.join(members)}: a member of a union cannot have a field called {TAG}")

    def encode(value: Any) -> Any:
        name = type(value).__name__
        if members.get(name) is not type(value):
            raise CodecError(f"{shown(value)} where one of {', '.join(members)} belongs")
        return coders[name].encode(value)

    def decode(plain: Any) -> Any:
        name = plain.get(TAG) if type(plain) is dict else None
        if type(name) is not str or name not in coders:
            raise CodecError(f"{shown(name)}: unknown type{_did_you_mean(str(name), members)}")
        return coders[name].decode(plain)

    return Coder(encode, decode)
