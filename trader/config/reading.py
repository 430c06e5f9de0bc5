"""
From bytes to a plain tree, and no surprise on the way.

Of YAML only what a reader sees at a glance: groups, lists, text, numbers, true,
false, null.  Numbers stay exact; a word is never turned into a boolean, a time
or an octal; a key written twice, an alias or a tag is an error.  The work is
bounded by the file's size: nothing here can run away.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, TypeAlias

import yaml

from trader.config.problem import Path
from trader.config.wording import clipped

Tree: TypeAlias = dict[str, "Node"]
Node: TypeAlias = "Tree | list[Node] | str | int | bool | Decimal | None"

FILE_BYTES_MAX = 256 * 1024
DEPTH_MAX = 12
NUMBER_CHARACTERS_MAX = 40

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FRACTION = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_NOT_FINITE = re.compile(r"([-+]?)\.?(inf|infinity|nan)", re.I)
_TAB = re.compile(r"^ *\t\s*[^\s#]", re.M)


class Unreadable(Exception):
    """The file has no tree; the sentence says why."""


@dataclass(slots=True)
class Reading:
    """What one YAML text says: its tree, and the keys written twice."""

    tree: Node = None
    repeated: list[tuple[Path, str]] = field(default_factory=list)


def read_text(path: FilePath) -> str:
    """The text of a regular UTF-8 file of a sane size, or `Unreadable`."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("is a folder; a file is needed here")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not a regular file")
        if status.st_size > FILE_BYTES_MAX:
            raise Unreadable(f"is {status.st_size:,} bytes long; a config file has at most {FILE_BYTES_MAX:,}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or 'not a usable path'}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"line {line}: not UTF-8 (byte 0x{content[error.start]:02x}); save the file as UTF-8"
        ) from None


def parse(text: str, root: Path = ()) -> Reading:
    """The tree of one YAML text, or `Unreadable`; *root* is put before every path."""
    tab = _TAB.search(text)
    if tab:
        line = text.count("\n", 0, tab.start()) + 1
        raise Unreadable(f"line {line}, column {tab[0].index(chr(9)) + 1}: a tab; YAML is indented with spaces")
    try:
        return _Parser(text).read(root)
    except UnicodeEncodeError:
        raise Unreadable("not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise Unreadable(
            f"{where}: not YAML: {clipped(str(error.problem or error.context or 'cannot be read'))}"
        ) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"not YAML: {clipped(str(getattr(error, 'reason', '') or 'cannot be read'))}") from None


def scalar(text: str) -> Node:
    """What an unquoted word means."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if len(text) > NUMBER_CHARACTERS_MAX:
        return text
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if _FRACTION.fullmatch(text) and not re.match(r"[-+]?0[0-9_]", text):
        return Decimal(text.replace("_", ""))
    endless = _NOT_FINITE.fullmatch(text)
    return Decimal(endless[1] + endless[2]) if endless else text


class _Parser:
    """One pass over the events of one text."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._reading = Reading()

    def read(self, root: Path) -> Reading:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return self._reading
        self._reading.tree = self._node(next(self._events), root)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _at(after, "a second document begins here (---); a file holds one")
        return self._reading

    def _node(self, event: Any, path: Path) -> Node:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _at(
                event, "anchors (&) and aliases (*) are not used in config; write the value out, or quote the text"
            )
        if event.tag is not None:
            raise _at(event, "tags (!) are not used in config; write the plain value, or quote the text")
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if len(path) >= DEPTH_MAX:
            raise _at(event, f"nested more than {DEPTH_MAX} levels deep")
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._list(path)

    def _list(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> Tree:
        mapping: Tree = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, line = _key(event), _line(event)
            here = (*path, key)
            if key in mapping:
                sentence = f"written twice, on lines {lines[key]} and {line}; keep one"
                self._reading.repeated.append((here, sentence))
            lines[key] = line
            mapping[key] = self._node(next(self._events), here)
        return mapping


def _key(event: Any) -> str:
    if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
        raise _at(event, "a key is a plain word")
    return str(event.value)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _at(event: Any, sentence: str) -> Unreadable:
    return Unreadable(f"line {_line(event)}, column {int(event.start_mark.column) + 1}: {sentence}")
