"""
`python -m trader.ops.notebook_check notebooks/*.ipynb`: 0 if all are thin and stripped, 1 with sentences if not.

No file to look at is wrong usage (2), because a check of nothing passes for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from trader.ops.notebook_shape import objections


def main(arguments: Sequence[str]) -> int:
    """Check the notebooks named in *arguments*."""
    paths = [Path(argument) for argument in arguments]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        print(f"notebook check: no such file: {', '.join(missing) or '(none given)'}", file=sys.stderr)
        return 2
    said = [objection for path in paths for objection in objections(path)]
    print("\n".join(said) or f"{len(paths)} notebook(s) thin and stripped")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
