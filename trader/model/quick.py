"""
Frozen nouns that are quick to make.

A frozen dataclass finds the slot of every field by name each time it is made,
and a decision makes some thirty nouns of up to twenty-two fields.  Here each
field is put through its own slot, found once; what comes out is as frozen,
equal, printable and replaceable as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")


class _LeftOut:
    """Stands for an argument that was not given and is made anew each time."""

    def __repr__(self) -> str:
        return "<made anew>"


def quick(cls: type[T]) -> type[T]:
    """*cls*, a frozen dataclass with slots and nothing to do after its fields are set, with a quicker `__init__`."""
    noun: Any = cls
    made = _function("__init__", noun, "self", before="pass", after="pass")
    made.__qualname__, made.__annotations__ = noun.__init__.__qualname__, noun.__init__.__annotations__
    noun.__init__ = made
    return cls


def maker(cls: type[T]) -> type[T]:
    """
    A function to call instead of *cls*, with the same arguments, where very many are made.

    Calling a class goes by way of a tuple and a dict of the arguments; that is saved.  Typed as the class, so that
    arguments are checked.  Of more than some fifteen the first should be given by place: Python looks up each name
    among all.
    """
    made: Any = _function(cls.__name__, cls, before="self = new(noun)", after="return self")
    return made  # type: ignore[no-any-return]


def _function(name: str, noun: Any, *first: str, before: str, after: str) -> Callable[..., Any]:
    """The function *name* of *noun*'s fields, after the parameters *first*, that sets them on `self`."""
    assert not hasattr(noun, "__post_init__"), f"{noun.__name__}: its __post_init__ would be forgotten"
    names: dict[str, Any] = {"left_out": _LeftOut(), "new": object.__new__, "noun": noun}
    parameters, lines = list(first), [before]
    for part in fields(noun):
        parameters.append(_parameter(part, names))
        names[f"set_{part.name}"] = getattr(noun, part.name).__set__
        made_anew = (
            f"make_{part.name}() if {part.name} is left_out else " if part.default_factory is not MISSING else ""
        )
        lines.append(f"set_{part.name}(self, {made_anew}{part.name})")
    exec(f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join([*lines, after]), names)
    made: Callable[..., Any] = names[name]
    return made


def _parameter(part: Field[Any], names: dict[str, Any]) -> str:
    """How *part* stands in the signature; its default goes into *names*."""
    if part.default is not MISSING:
        names[f"default_{part.name}"] = part.default
        return f"{part.name}=default_{part.name}"
    if part.default_factory is not MISSING:
        names[f"make_{part.name}"] = part.default_factory
        return f"{part.name}=left_out"
    return part.name
