"""
From folders to one tree, and who wrote what.

A config folder holds the five files; or it holds some of them and its
`app.yaml` says `extends: ..` (a folder, from where it stands), and what it
writes is laid over that folder's files: groups merge, lists and single values
replace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from trader.config.problem import FILES, Path, Problem
from trader.config.reading import Node, Reading, Tree, Unreadable, parse, read_text
from trader.config.secret_values import HOME, looks_secret
from trader.config.wording import did_you_mean, shown

LAYERS_MAX = 5
NAMES = tuple(f"{file}.yaml" for file in FILES)


@dataclass(slots=True)
class Merged:
    """What all layers say together: the tree by file, the source of every key, what went wrong."""

    tree: Tree = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unusable: set[str] = field(default_factory=set)
    """Files a layer of which could not be read: their keys are unknown, not missing."""

    def source(self, path: Path) -> str:
        """Who wrote *path*: its own source, that of something in it, or that of the group around it."""
        for depth in range(len(path), 0, -1):
            part = path[:depth]
            if part in self.origins:
                return self.origins[part]
            below = (origin for key, origin in self.origins.items() if key[:depth] == part)
            found = next(below, None)
            if found is not None:
                return found
        return "config"

    def blame(self, path: Path, sentence: str) -> None:
        """Note what is wrong at *path*."""
        self.problems.append(Problem(self.source(path), path, sentence))

    def lay(self, path: Path, node: Node, source: str) -> None:
        """Lay *node* over what stands at *path*."""
        group, key = self._around(path)
        before = group.get(key)
        if isinstance(node, dict) and isinstance(before, dict):
            for name, inner in node.items():
                self.lay((*path, name), inner, source)
            return
        if key in group:
            for known in [known for known in self.origins if known[: len(path)] == path]:
                del self.origins[known]
        group[key] = node
        self.origins.update(dict.fromkeys(_paths(node, path), source))

    def _around(self, path: Path) -> tuple[Tree, str]:
        group = self.tree
        for part in path[:-1]:
            inner = group.setdefault(str(part), {})
            assert isinstance(inner, dict)
            group = inner
        return group, str(path[-1])


def merge(directory: FilePath) -> Merged:
    """All layers of *directory*, base first."""
    merged = Merged()
    folders = _folders(directory, merged)
    for folder in reversed(folders):
        for file in FILES:
            _lay_file(merged, folder, file, needed=folder == folders[-1])
        _strangers(merged, folder)
    return merged


def _folders(directory: FilePath, merged: Merged) -> list[FilePath]:
    folders: list[FilePath] = []
    following: FilePath | None = directory
    while following is not None:
        folder, source = following, str(folders[-1] / "app.yaml") if folders else str(directory)
        path: Path = ("app", "extends") if folders else ()
        if not os.path.isdir(folder):
            what = "is not a folder" if os.path.exists(folder) else "there is no such folder"
            merged.problems.append(
                Problem(source, path, f"{what + ': ' + str(folder) if folders else what}; {_WANTED}")
            )
            merged.unusable.update(FILES)
            break
        if any(folder.resolve() == known.resolve() for known in folders) or len(folders) == LAYERS_MAX:
            why = f"comes back to {folder}" if len(folders) < LAYERS_MAX else f"is more than {LAYERS_MAX} folders deep"
            merged.problems.append(Problem(source, path, f"{why}; a folder extends another, and the last one none"))
            break
        folders.append(folder)
        following = _extended(folder, merged)
    return folders


_WANTED = f"a config folder holds {' '.join(NAMES)}, or some of them and `extends: ..` in app.yaml"


def _extended(folder: FilePath, merged: Merged) -> FilePath | None:
    try:
        tree = parse(read_text(folder / "app.yaml")).tree
    except Unreadable:
        return None
    if not isinstance(tree, dict) or "extends" not in tree:
        return None
    base = tree["extends"]
    if not isinstance(base, str) or not base.isprintable() or not 0 < len(base) < 400 or os.path.isabs(base):
        sentence = f"{shown(base)} is not a folder relative to this one; allowed: like .. or ../other"
        merged.problems.append(Problem(str(folder / "app.yaml"), ("app", "extends"), sentence))
        merged.unusable.update(FILES)
        return None
    return FilePath(os.path.normpath(folder / base))


def _lay_file(merged: Merged, folder: FilePath, file: str, needed: bool) -> None:
    path = folder / f"{file}.yaml"
    source = str(path)
    if not needed and not os.path.lexists(path):
        return
    try:
        text = read_text(path)
        _secret_lines(merged, source, file, text)
        reading = parse(text, (file,))
    except Unreadable as unreadable:
        missing = f"; {_WANTED}" if not os.path.lexists(path) else ""
        merged.problems.append(Problem(source, (file,), f"{unreadable}{missing}"))
        merged.unusable.add(file)
        return
    merged.problems += [Problem(source, repeated, sentence) for repeated, sentence in reading.repeated]
    _lay_reading(merged, source, file, reading)


def _lay_reading(merged: Merged, source: str, file: str, reading: Reading) -> None:
    if not isinstance(reading.tree, dict):
        what = "empty" if reading.tree is None else f"holds {shown(reading.tree)}"
        merged.problems.append(Problem(source, (file,), f"{what}; a group of keys is needed ({{}} for none)"))
        merged.unusable.add(file)
        return
    if file == "app":
        reading.tree.pop("extends", None)
    merged.lay((file,), reading.tree, source)


def _secret_lines(merged: Merged, source: str, file: str, text: str) -> None:
    """Secrets in comments and across lines; those in values are found again by their key, which says it better."""
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.partition("#")[2]
        kind = looks_secret(comment)
        if kind:
            merged.problems.append(Problem(source, (file,), f"line {number}: looks like {kind}; {HOME}"))


def _strangers(merged: Merged, folder: FilePath) -> None:
    """A misnamed file would be passed over in silence."""
    try:
        found = sorted(os.listdir(folder))
    except OSError as error:
        merged.problems.append(Problem(str(folder), (), f"cannot be listed: {error.strerror}"))
        return
    for name in found:
        is_yaml = name.lower().endswith((".yaml", ".yml")) and not os.path.isdir(folder / name)
        if is_yaml and name not in NAMES:
            sentence = f"nobody reads this file; {did_you_mean(name, NAMES)}"
            merged.problems.append(Problem(str(folder / name), (), sentence))


def _paths(node: Node, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from _paths(inner, (*path, key))
