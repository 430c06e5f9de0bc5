"""
How a notebook says that it came to its end.

A kernel that died, a cell that raised SystemExit(0) and a notebook cut short
all look like success to whoever only looks for exceptions.  So the last code
cell prints one line with the cycle's own id; without it no cycle is complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

RESULT_PREFIX = "trader-result "


def result_line(cycle_id: str, **summary: Any) -> str:
    """The line the last cell prints: `print(result_line(cycle_id, orders=2))`."""
    return RESULT_PREFIX + json.dumps({"cycle_id": cycle_id, **summary}, sort_keys=True)


def find_result(outputs: Iterable[Mapping[str, Any]], cycle_id: str) -> dict[str, Any] | None:
    """The result for *cycle_id* among a cell's *outputs* (printed, or the text of something shown)."""
    for text in _texts(outputs):
        for line in text.splitlines():
            if line.startswith(RESULT_PREFIX):
                result = _parse(line.removeprefix(RESULT_PREFIX))
                if result.get("cycle_id") == cycle_id:
                    return result
    return None


def _texts(outputs: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for output in outputs:
        if output["output_type"] == "stream":
            yield output["text"]
        else:
            yield str(output.get("data", {}).get("text/plain", ""))


def _parse(text: str) -> dict[str, Any]:
    try:
        result = json.loads(text)
    except ValueError:
        return {}
    return result if isinstance(result, dict) else {}
