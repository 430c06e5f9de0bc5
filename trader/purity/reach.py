"""
What reaches beyond the context: imports, files, the clock, chance, code made while running.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from trader.purity import names
from trader.purity.finding import Finding

IMPORT_HINT = "a strategy may import numpy, pandas, trader.strategy, trader.signals, trader.model and plain arithmetic"


def reaching(tree: ast.Module) -> Iterator[Finding]:
    """Every reach beyond the context in *tree*."""
    spelt = _imported(tree)
    annotations = _annotations(tree)
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    own = _own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif isinstance(node, ast.Name):
            if node in called or node.id not in names.SHADOWED or node.id not in own:
                yield from _name(node)
        elif isinstance(node, ast.Attribute) and node not in annotations:
            yield from _attribute(node, spelt)
        elif isinstance(node, ast.Call):
            yield from _call(node, spelt)
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield Finding(
                node.lineno, "a bare except", "it would swallow the strategy's time limit", "name the failure"
            )
        elif isinstance(node, ast.FunctionDef) and node.name == "__del__":
            yield Finding(node.lineno, "__del__", "it runs when nobody asked", "remove it")


def _imported(tree: ast.Module) -> dict[str, str]:
    """Local name → what it was imported as (`pd` → `pandas`, `Timestamp` → `pandas.Timestamp`)."""
    spelt = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                spelt[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            spelt |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return spelt


def _own_names(tree: ast.Module) -> set[str]:
    """Names the file gives to things of its own."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _annotations(tree: ast.Module) -> set[ast.AST]:
    """Nodes that only say a type: `np.random.Generator` may be named there."""
    said: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said.append(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign):
            said.append(node.annotation)
    return {inner for node in said if node is not None for inner in ast.walk(node)}


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Finding]:
    if isinstance(node, ast.Import):
        wanted = [(alias.name, alias.name) for alias in node.names]
    elif node.level:
        yield Finding(node.lineno, ast.unparse(node), "a strategy is one file that stands alone", IMPORT_HINT)
        return
    else:
        wanted = [(node.module or "", f"{node.module}.{alias.name}") for alias in node.names]
    for module, full in wanted:
        said = _refused_import(module, full)
        if said is not None:
            yield Finding(node.lineno, f"import of {full if module != full else module}", *said)


def _refused_import(module: str, full: str) -> tuple[str, str] | None:
    """Why *module*, or *full* from it, may not be imported, and what to do instead."""
    top, name = module.partition(".")[0], full.rpartition(".")[2]
    if any(_within(full, part) for part in names.FORBIDDEN_PARTS):
        return _of_part(full)
    if not may_import(module, full):
        return "it reaches beyond the context", IMPORT_HINT
    if module == full:
        return None
    if name == "*":
        return "what it brings cannot be seen", "name what you need"
    if top != "datetime" and (name in names.SYSTEM_MODULES or (top == "trader" and name in names.ALIASES)):
        return "a module's own imports lead outside", IMPORT_HINT
    return _library_member(name) if top in names.LIBRARIES else None


def may_import(module: str, full: str = "") -> bool:
    """Whether a strategy may import *module* (and *full* from it)."""
    if module.partition(".")[0] in names.LIBRARIES:
        return True
    if module == "pydantic":
        return full.partition(".")[2] in names.NAMES_OF_PYDANTIC
    inside_trader = any(_within(module, room) for room in names.ALLOWED_IMPORTS if room.startswith("trader."))
    return inside_trader or module in names.ALLOWED_IMPORTS or (module == "trader" and full in names.ALLOWED_IMPORTS)


def _within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def _of_part(full: str) -> tuple[str, str]:
    if _within(full, "numpy.random"):
        return names.CHANCE, names.ASK_RNG
    return "it reaches beyond the context", IMPORT_HINT


def _name(node: ast.Name) -> Iterator[Finding]:
    if node.id in names.CALLS:
        why, instead = names.CALLS[node.id]
        if isinstance(node.ctx, ast.Load):
            yield Finding(node.lineno, node.id, why, instead)
    elif node.id in names.NAMES_OF_THE_FILE:
        yield Finding(node.lineno, node.id, "it leads out of the strategy", "keep to the context")
    elif node.id in names.EXITS:
        yield Finding(node.lineno, node.id, "it would stop the trader, or swallow its time limit", "use ValueError")


def _attribute(node: ast.Attribute, spelt: dict[str, str]) -> Iterator[Finding]:
    name, full = node.attr, _spelt_out(node, spelt)
    said = _refused_attribute(name) or (None if full is None else _refused_member(name, full))
    if said is not None:
        yield Finding(node.lineno, full or f".{name}", *said)


def _refused_attribute(name: str) -> tuple[str, str] | None:
    """Of whatever."""
    if name.startswith("__") and name.endswith("__") and name not in names.HARMLESS_DUNDERS:
        return "Python's own workings lead out of the strategy", "keep to the context"
    if name in ("setflags", "writeable"):
        return "what a strategy is given stays unchanged", "work on a copy"
    if name in names.CLOCK_READS:
        return names.CLOCK, names.ASK_AS_OF
    if name in names.WRITES:
        return names.FILES, "return values; reports are made elsewhere"
    return None


def _refused_member(name: str, full: str) -> tuple[str, str] | None:
    """Of what was imported."""
    top = full.partition(".")[0]
    if full in names.FORBIDDEN_PARTS:
        return _of_part(full)
    if name in names.SYSTEM_MODULES and top != "datetime":
        return "a module's own imports lead outside", IMPORT_HINT
    return _library_member(name) if top in names.LIBRARIES else None


def _library_member(name: str) -> tuple[str, str] | None:
    if name in names.LIBRARY_IO or name in names.WRITES or name.startswith("read_"):
        return names.FILES, names.ASK_BARS
    if name in names.LIBRARY_STATE:
        return names.GLOBAL, "leave it as it is"
    return None


def _spelt_out(node: ast.expr, spelt: dict[str, str]) -> str | None:
    """`pd.Timestamp.now` as `pandas.Timestamp.now`; None where it does not start at an import."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in spelt:
        return None
    return ".".join([spelt[node.id], *reversed(parts)])


def _call(node: ast.Call, spelt: dict[str, str]) -> Iterator[Finding]:
    called, full = node.func, _spelt_out(node.func, spelt)
    if full is not None and full.partition(".")[0] in names.LIBRARIES:
        words = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(isinstance(word, ast.Constant) and word.value in names.CLOCK_WORDS for word in words):
            yield Finding(node.lineno, ast.unparse(node)[:60], names.CLOCK, names.ASK_AS_OF)
    elif isinstance(called, ast.Attribute) and called.attr == "sample":
        if all(keyword.arg != "random_state" for keyword in node.keywords):
            yield Finding(node.lineno, ".sample() without random_state", names.CHANCE, "pass random_state=context.rng")
    elif isinstance(called, ast.Name) and called.id in ("getattr", "hasattr") and len(node.args) > 1:
        asked = node.args[1]
        plain = isinstance(asked, ast.Constant) and isinstance(asked.value, str) and not asked.value.startswith("__")
        if not plain:
            yield Finding(node.lineno, ast.unparse(node)[:60], names.CODE, "name the attribute")
