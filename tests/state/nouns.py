"""Hypothesis strategies for any of our frozen nouns, from their type hints alone."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from hypothesis import strategies as st

from trader.model.codec import resolved
from trader.model.events import Event
from trader.model.orders import Position

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXTS = st.text(max_size=8)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    datetime: st.integers(0, 2**52).map(lambda micros: EPOCH + timedelta(microseconds=micros)),
}


@cache
def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type *hint*."""
    hint = resolved(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*[st.none() if each is type(None) else of(each) for each in inner])
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(of(inner[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(of, inner))
    if origin is frozenset:
        return st.frozensets(of(inner[0]), max_size=3)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(of(inner[0]), of(inner[1]), max_size=2)
    if origin is np.ndarray:
        kind = get_args(inner[1])[0]
        items = st.floats() if kind is np.float64 else st.integers(-(2**62), 2**62)
        return st.lists(items, max_size=4).map(lambda values: np.array(values, dtype=kind))
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    assert is_dataclass(hint), hint
    hints = get_type_hints(hint, localns={"Position": Position})
    return st.builds(hint, **{field.name: of(hints[field.name]) for field in fields(hint)})


EVENT_TYPES = get_args(Event)
events = of(Event)
