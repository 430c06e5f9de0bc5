"""
How collections are spelt: in one order, whatever order they were filled in.

A mapping with text keys is a JSON object, any other a list of [key, value]
sorted by key; a set is a sorted list; a numpy column is a list that reads back
read-only and equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import numpy as np

from trader.model.scalars import CodecError, Coder, read_float, shown, write_float


def sequence(item: Coder) -> Coder:
    """`tuple[X, ...]` as a list."""

    def write(value: Any) -> list[Any]:
        if not isinstance(value, (tuple, list)):
            raise CodecError(f"{shown(value)} where a tuple belongs")
        return [item.encode(each) for each in value]

    def read(plain: Any) -> tuple[Any, ...]:
        return tuple([item.decode(each) for each in _a_list(plain)])

    return Coder(write, read)


def fixed(items: tuple[Coder, ...]) -> Coder:
    """`tuple[X, Y]` as a list of just so many."""

    def write(value: Any) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != len(items):
            raise CodecError(f"{shown(value)} where a tuple of {len(items)} belongs")
        return [item.encode(each) for item, each in zip(items, value, strict=True)]

    def read(plain: Any) -> tuple[Any, ...]:
        if len(_a_list(plain)) != len(items):
            raise CodecError(f"a list of {len(plain)} where {len(items)} belong")
        return tuple([item.decode(each) for item, each in zip(items, plain, strict=True)])

    return Coder(write, read)


def unordered(item: Coder) -> Coder:
    """`frozenset[X]` as a sorted list."""

    def write(value: Any) -> list[Any]:
        if not isinstance(value, (frozenset, set)):
            raise CodecError(f"{shown(value)} where a frozenset belongs")
        return sorted(item.encode(each) for each in value)

    def read(plain: Any) -> frozenset[Any]:
        values = frozenset(item.decode(each) for each in _a_list(plain))
        if len(values) != len(plain):
            raise CodecError("a set names something twice")
        return values

    return Coder(write, read)


def by_text(key: Coder, item: Coder) -> Coder:
    """A mapping whose keys are texts, as a JSON object."""

    def write(value: Any) -> dict[str, Any]:
        return {key.encode(name): _at(name, item.encode, each) for name, each in _a_mapping(value).items()}

    def read(plain: Any) -> dict[Any, Any]:
        if type(plain) is not dict:
            raise CodecError(f"{shown(plain)} where an object belongs")
        return {key.decode(name): _at(name, item.decode, each) for name, each in plain.items()}

    return Coder(write, read)


def by_key(key: Coder, item: Coder) -> Coder:
    """A mapping with any other keys, as a list of [key, value] sorted by key."""

    def write(value: Any) -> list[Any]:
        pairs = [[key.encode(name), _at(name, item.encode, each)] for name, each in _a_mapping(value).items()]
        return sorted(pairs, key=itemgetter(0))

    def read(plain: Any) -> dict[Any, Any]:
        if not all(type(pair) is list and len(pair) == 2 for pair in _a_list(plain)):
            raise CodecError("a list of [key, value] belongs here")
        found = {key.decode(name): _at(name, item.decode, each) for name, each in plain}
        if len(found) != len(plain):
            raise CodecError("a key stands twice")
        return found

    return Coder(write, read)


def _at(name: Any, work: Any, each: Any) -> Any:
    try:
        return work(each)
    except CodecError as error:
        raise CodecError(f"[{name}] {error}") from None


def _a_list(plain: Any) -> list[Any]:
    if type(plain) is not list:
        raise CodecError(f"{shown(plain)} where a list belongs")
    return plain


def _a_mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise CodecError(f"{shown(value)} where a mapping belongs")
    return value


def column(kind: type[np.generic]) -> Coder:
    """A numpy column of float64 or int64 as a list; read back read-only and equal to the last bit."""
    dtype = np.dtype(kind)
    floats = dtype.kind == "f"

    def write(value: Any) -> list[Any]:
        if not isinstance(value, np.ndarray) or value.dtype != dtype or value.ndim != 1:
            raise CodecError(f"{shown(value)} where a column of {dtype} belongs")
        if floats and not np.isfinite(value).all():
            return [write_float(item) for item in value.tolist()]
        plain: list[Any] = value.tolist()
        return plain

    def read(plain: Any) -> np.ndarray[Any, Any]:
        if type(plain) is not list:
            raise CodecError(f"{shown(plain)} where a list of {dtype} belongs")
        try:
            values = np.asarray(plain) if plain else np.empty(0, dtype)
            if floats and values.dtype.kind in "UO":
                values = np.asarray([read_float(item) for item in plain])
        except ValueError:
            raise CodecError(f"a ragged list where a column of {dtype} belongs") from None
        if values.dtype != dtype or values.ndim != 1:
            raise CodecError(f"a list of {values.dtype} where a column of {dtype} belongs")
        values.flags.writeable = False
        return values

    return Coder(write, read)
