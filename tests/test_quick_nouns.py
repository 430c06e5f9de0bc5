"""A noun that is quick to make is in every other way the frozen dataclass it says it is."""

from __future__ import annotations

import copy
import inspect
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from tests.builders import a_book, a_buy, a_fill, a_position, a_quote, a_snapshot, a_verdict, an_intent, an_order
from trader.model.quick import maker, quick


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    size: int = 3
    parts: dict[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    name: str
    size: int = 3
    parts: dict[str, int] = field(default_factory=dict)


NOUNS = [a_book(), a_buy(), a_fill(), a_position(), a_quote(), a_snapshot(), a_verdict(), an_intent(), an_order()]


@pytest.mark.parametrize(
    ("args", "more"), [(("a",), {}), (("a", 5), {}), (("a",), {"parts": {"b": 1}}), ((), {"name": "c"})]
)
def test_it_is_made_as_the_plain_one_is(args, more):
    plain = Plain(*args, **more)

    for made in (Quick(*args, **more), maker(Quick)(*args, **more)):
        assert type(made) is Quick
        for part in fields(plain):
            assert getattr(made, part.name) == getattr(plain, part.name)
        assert repr(made) == repr(plain).replace("Plain", "Quick")
    assert list(inspect.signature(Quick).parameters) == list(inspect.signature(Plain).parameters)


@pytest.mark.parametrize(("args", "more"), [((), {}), (("a", 1, {}, 4), {}), (("a",), {"colour": 1})])
def test_what_the_plain_one_refuses_it_refuses(args, more):
    for kind in (Plain, Quick, maker(Quick)):
        with pytest.raises(TypeError):
            kind(*args, **more)


def test_what_is_made_anew_is_not_shared():
    for make in (Quick, maker(Quick)):
        assert make("a").parts is not make("b").parts


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_our_nouns_stay_frozen_equal_replaceable_and_copyable(noun):
    name = fields(noun)[0].name

    with pytest.raises(FrozenInstanceError):
        setattr(noun, name, None)
    assert replace(noun) == noun or type(noun).__eq__ is object.__eq__
    assert getattr(copy.copy(noun), name) == getattr(noun, name)


def test_a_noun_that_must_do_more_is_refused():
    @dataclass(frozen=True, slots=True)
    class Checked:
        size: int

        def __post_init__(self) -> None:
            assert self.size > 0

    with pytest.raises(AssertionError, match="Checked: its __post_init__ would be forgotten"):
        quick(Checked)
