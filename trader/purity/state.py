"""
What remembers from one call to the next, writes to what it was given, or hangs on an order nobody promised.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from trader.purity.finding import Finding

STATE = "a strategy keeps nothing from one call to the next"
GIVEN = "what a strategy is given stays unchanged"
ORDER = "the order of a set differs from run to run"
LOCAL = "keep values local to the call"
COPY = "work on a copy"

MUTATING = frozenset(
    "append extend insert remove pop popitem clear update setdefault add discard sort reverse appendleft".split()
)
MUTATING_FRAMES = frozenset({"insert", "pop", "popitem", "update", "clear", "setdefault"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
OWN_METHODS = frozenset({"features", "generate_proposals", "screen"})
SETS = frozenset({"set", "frozenset"})
IN_ORDER = frozenset({"list", "tuple", "iter", "enumerate", "zip", "next"})

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def remembering(tree: ast.Module) -> Iterator[Finding]:
    """Every memory and every write to what was given in *tree*."""
    made, imported = _shared(tree)
    sets = _names_of_sets(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield Finding(node.lineno, f"global {', '.join(node.names)}", STATE, LOCAL)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _defaults(node)
            yield from _function(node, made, imported)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from _order(node.iter, sets)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IN_ORDER:
            for argument in node.args:
                yield from _order(argument, sets)


def _shared(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names that live as long as the file: what it makes at the top, and what it imports."""
    made, imported = set(), set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            made |= {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            made.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return made, imported


def _defaults(function: Function) -> Iterator[Finding]:
    for default in [*function.args.defaults, *(d for d in function.args.kw_defaults if d is not None)]:
        mutable = isinstance(default, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
        if mutable or (isinstance(default, ast.Call) and getattr(default.func, "id", "") in ("list", "dict", "set")):
            yield Finding(default.lineno, f"default {ast.unparse(default)[:40]}", STATE, "use None and make it inside")


def _function(function: Function, made: set[str], imported: set[str]) -> Iterator[Finding]:
    """Writes in the body of *function* that outlive it."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    name = getattr(function, "name", "")
    arguments = {argument.arg for argument in _arguments(function)}
    own = _bound(body)
    kept = (arguments & {"self", "cls"} if name != "__init__" else set()) | (made - own - arguments)
    given = (arguments - {"self", "cls"} if name in OWN_METHODS else arguments & {"context"}) - own
    for node in (inner for statement in body for inner in ast.walk(statement)):
        what: ast.expr
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            root, what = _root(node), node
            changes = root in kept or root in given or root in imported - own - arguments
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            root, what = _root(node.func), node.func
            method = node.func.attr
            changes = (root in kept and (method in MUTATING or _in_place(node))) or (
                root in given and (method in MUTATING_FRAMES or _in_place(node))
            )
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "next" and node.args:
            root, what = _root(node.args[0]), node
            changes = root in kept
        else:
            continue
        if changes:
            why, instead = (GIVEN, COPY) if root in given else (STATE, LOCAL)
            yield Finding(node.lineno, f"change of {ast.unparse(what)[:60]}", why, instead)


def _arguments(function: Function) -> Iterator[ast.arg]:
    parts = function.args
    yield from (*parts.posonlyargs, *parts.args, *parts.kwonlyargs)
    yield from (argument for argument in (parts.vararg, parts.kwarg) if argument is not None)


def _bound(body: list[ast.stmt] | list[ast.expr]) -> set[str]:
    """Names the body makes its own by assigning them."""
    stores = (node for part in body for node in ast.walk(part) if isinstance(node, ast.Name))
    return {node.id for node in stores if isinstance(node.ctx, ast.Store)}


def _in_place(call: ast.Call) -> bool:
    return any(keyword.arg == "inplace" and getattr(keyword.value, "value", None) is True for keyword in call.keywords)


def _root(node: ast.expr) -> str:
    """The name an expression starts at: `self` of `self.cache[key]`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _order(iterated: ast.expr, sets: set[str]) -> Iterator[Finding]:
    if _is_set(iterated, sets):
        yield Finding(iterated.lineno, f"iteration over {ast.unparse(iterated)[:40]}", ORDER, "use sorted(…)")


def _is_set(node: ast.expr, sets: set[str]) -> bool:
    """Whether *node* makes, joins or names a set."""
    if isinstance(node, ast.BinOp):
        return _is_set(node.left, sets) or _is_set(node.right, sets) or _is_keys(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in SET_METHODS and (_is_set(node.func.value, sets) or _is_keys(node.func.value))
    made = isinstance(node, ast.Call) and getattr(node.func, "id", "") in SETS
    return made or isinstance(node, ast.Set | ast.SetComp) or getattr(node, "id", "") in sets


def _is_keys(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"


def _names_of_sets(tree: ast.Module) -> set[str]:
    """Names that are given a set and nothing else."""
    found, other = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            of = found if _is_set(node.value, set()) else other
            of |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found - other
