"""
The house rules a linter does not know.

Each is a function from a tree to sentences, so that a test can plant the fault and see it named.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.floors import floor_of, module_name

MAX_MODULE_LINES, MAX_FUNCTION_LINES = 300, 70
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
BROAD_EXCEPTS_BY_DESIGN = {"trader/registry.py", "trader/app.py", "trader/running/watching.py"}

FORBIDDEN_IMPORTS = {
    "random", "secrets", "uuid", "requests", "httpx", "urllib", "http", "socket", "ssl", "threading", "multiprocessing",
    "concurrent", "asyncio", "logging", "structlog", "subprocess", "sqlite3", "websockets", "tempfile", "shutil",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.sleep", "time.localtime", "time.gmtime", "os.environ", "os.environb", "os.getenv", "os.urandom",
    "open", "input", "print",
}  # fmt: skip
MAY_USE_PANDAS = ("trader.signals", "trader.strategy")
GATEWAY, ASSEMBLY = "trader/gateway/service.py", "trader/running/house.py"
BEHIND_THE_GATEWAY = {"core", "_core", "books"}
ONE_AT_A_TIME = {"trader.gateway.core.TradingCore", "trader.gateway.books.Books"}
WITHOUT_A_TURN = {"__init__", "look_again", "at_venue"}
"""Nobody knows it yet; takes the turn if it is free; waits for nobody."""
STRATEGY_MAY_KNOW = ("trader.model", "trader.strategy", "trader.signals")


def python_files(root: Path, *folders: str) -> Iterator[tuple[Path, str, ast.Module]]:
    """Every module under *folders*: its path from *root*, its text, its tree."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield path.relative_to(root), text, ast.parse(text)


def too_long(root: Path) -> list[str]:
    """Modules and functions past the hard limits."""
    found = []
    for path, text, tree in python_files(root, "trader", "strategies"):
        lines = text.count("\n")
        if lines > MAX_MODULE_LINES:
            found.append(f"{path}: {lines} lines; a module has at most {MAX_MODULE_LINES}")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION_LINES}")
    return found


def badly_named(root: Path) -> list[str]:
    """Files whose name says nothing about what is in them."""
    return [
        f"{path.relative_to(root)}: a file is named for what it holds"
        for folder in ("trader", "strategies", "tests", "benchmarks")
        for path in sorted((root / folder).rglob("*"))
        if path.stem.lower() in BANNED_NAMES and "__pycache__" not in path.parts
    ]


def without_promise(root: Path) -> list[str]:
    """Modules that open without a promise."""
    return [
        f"{path}: a module opens with its promise"
        for path, _, tree in python_files(root, "trader", "strategies")
        if not ast.get_docstring(tree)
    ]


def leftovers(root: Path) -> list[str]:
    """What is put off, and what catches everything, outside the places where that is the design."""
    found = []
    for path, text, tree in python_files(root, "trader", "strategies"):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", line):
                found.append(f"{path}:{number}: {line.strip()}")
        if path.as_posix() not in BROAD_EXCEPTS_BY_DESIGN:
            handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
            found += [f"{path}:{handler.lineno}: a broad except; name the failure" for handler in handlers]
    return found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in kinds)


def forbidden_below_floor_5(root: Path, floors: dict[str, int]) -> list[str]:
    """Clocks, randomness, network, threads, logs and environment where only arguments may speak."""
    found = []
    for path, _, tree in python_files(root, "trader"):
        module = module_name(root / path, root)
        floor = floor_of(module, floors)
        if floor is None or floor >= 5:
            continue
        found += [f"{path}:{line}: {what} below floor 5" for line, what in _forbidden(tree)]
        if floor <= 3 and not module.startswith(MAY_USE_PANDAS):
            found += [
                f"{path}:{line}: pandas on floor {floor}" for line, name in imported(tree) if _top(name) == "pandas"
            ]
    return found


def _forbidden(tree: ast.Module) -> Iterator[tuple[int, str]]:
    spelt_out = {}
    for line, name in imported(tree):
        if _top(name) in FORBIDDEN_IMPORTS or name in FORBIDDEN_CALLS:
            yield line, f"import of {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            spelt_out |= {alias.asname: prefix + alias.name for alias in node.names if alias.asname}
            spelt_out |= {alias.name: prefix + alias.name for alias in node.names if prefix and not alias.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            first, dot, rest = ast.unparse(node).partition(".")
            name = spelt_out.get(first, first) + dot + rest
            if name in FORBIDDEN_CALLS:
                yield node.lineno, name


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every imported name, fully spelt: `from os import environ` is `os.environ`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)


def _top(name: str) -> str:
    return name.partition(".")[0]


def strategies_that_know_too_much(root: Path) -> list[str]:
    """A strategy knows what a strategy is, the nouns and the signals."""
    return [
        f"{path}:{line}: a strategy may not import {name}"
        for path, _, tree in python_files(root, "strategies")
        for line, name in imported(tree)
        if _top(name) == "trader" and not name.startswith(STRATEGY_MAY_KNOW)
    ]


def past_the_gateway(root: Path) -> list[str]:
    """A run's threads share one core: outside trader/gateway nobody has it, or its books, but through the gateway."""
    found = []
    for path, _, tree in python_files(root, "trader"):
        if path.parts[1] in ("gateway", "simulator"):  # the simulator has books of its own
            continue
        reached = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        found += [
            f"{path}:{node.lineno}: .{node.attr}: ask the gateway, which takes turns"
            for node in reached
            if node.attr in BEHIND_THE_GATEWAY
        ]
        if path.as_posix() != ASSEMBLY:
            names = [(line, name) for line, name in imported(tree) if name in ONE_AT_A_TIME]
            found += [f"{path}:{line}: {name}: only {ASSEMBLY} puts a gateway together" for line, name in names]
    return found


def out_of_turn(root: Path) -> list[str]:
    """The gateway touches its core while it holds its lock, and not otherwise."""
    found = []
    for path, _, tree in python_files(root, "trader"):
        if path.as_posix() == GATEWAY:
            methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
            for method in (one for one in methods if one.name not in WITHOUT_A_TURN):
                found += [f"{path}:{line}: {method.name} does not hold the lock" for line in _unlocked(method)]
    return found


def _unlocked(node: ast.AST) -> Iterator[int]:
    """The lines under *node* that use `self._core` where no `with self._lock` is around them."""
    if isinstance(node, ast.With) and any(ast.unparse(item.context_expr) == "self._lock" for item in node.items):
        return
    if isinstance(node, ast.Attribute) and ast.unparse(node) == "self._core":
        yield node.lineno
    for child in ast.iter_child_nodes(node):
        yield from _unlocked(child)
