"""
Answers that are well-formed and wrong: a field missing, null, of another type, a row twice.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from trader.simulator.faults import Fault
from trader.simulator.replies import reply


def spoiled(fault: Fault, whole: Response) -> Response:
    """*whole* with the one change that *fault* names; an answer without that field stays as it is."""
    if whole.status_code != 200:
        return whole
    body = json.loads(bytes(whole.body))
    if fault.kind == "duplicate_fill":
        body["fills"] = [row for row in body.get("fills", []) for _ in range(2)]
    else:
        for holder, name in _places(body, fault.field.split(".")):
            if fault.kind == "drop_field":
                holder.pop(name, None)
            else:
                holder[name] = fault.value
    return reply(body)


def _places(body: Any, path: list[str]) -> list[tuple[dict[str, Any], str]]:
    """Every object that has the last name of *path* in it; lists are gone through."""
    if isinstance(body, list):
        return [place for row in body for place in _places(row, path)]
    if not isinstance(body, dict):
        return []
    if len(path) == 1:
        return [(body, path[0])]
    return _places(body.get(path[0]), path[1:])
