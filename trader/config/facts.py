"""
What can be relied on in a tree that may be half wrong.

A check across files asks for a whole stanza and gets it typed, or None when
anything in it is wrong or missing; so every check says what it can, and no
mistake is told twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from trader.config.reading import Node, Tree
from trader.config.stanza import Stanza
from trader.config.universe_yaml import TierKeys

S = TypeVar("S", bound=Stanza)


@dataclass(frozen=True, slots=True)
class Facts:
    """The merged tree, asked a stanza at a time."""

    tree: Tree

    def at(self, *path: str) -> Node:
        """What stands at *path*; None where nothing does."""
        node: Node = self.tree
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        return node

    def stanza(self, kind: type[S], *path: str) -> S | None:
        """The stanza at *path*, when it is right."""
        node = self.at(*path)
        return _valid(kind, node) if node is not None else None

    def named(self, kind: type[S], *path: str) -> dict[str, S]:
        """The right ones of the stanzas under *path*."""
        group = self.at(*path)
        found = {name: _valid(kind, node) for name, node in group.items()} if isinstance(group, dict) else {}
        return {name: stanza for name, stanza in found.items() if stanza is not None}

    def value(self, kind: Any, *path: str) -> Any:
        """The value at *path* as *kind*, when it is right."""
        node = self.at(*path)
        return _valid(kind, node) if node is not None else None

    def listed_symbols(self) -> dict[str, str] | None:
        """The tier of every listed symbol; None while any tier is wrong, for then nobody can say who is missing."""
        group, tiers = self.at("universe", "tiers"), self.named(TierKeys, "universe", "tiers")
        if not isinstance(group, dict) or len(group) != len(tiers):
            return None
        return {symbol: name for name, tier in tiers.items() for symbol in tier.symbols}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _valid(kind: Any, node: Node) -> Any:
    try:
        return _adapter(kind).validate_python(node)
    except ValidationError:
        return None
