"""`trader` with a planted fault: whatever may pass is asked again at once and for ever (`python -m` me)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from trader.cli.main import main
from trader.coinbase.retries import Retries, Unanswered


def stormy(self: Retries, ask: Callable[[], Any]) -> Any:
    """Without bound, pause or jitter."""
    reply = ask()
    while isinstance(reply, Unanswered) and reply.passing:
        self.count += 1
        reply = ask()
    return reply


if __name__ == "__main__":
    Retries.__call__ = stormy  # type: ignore[method-assign]
    main(sys.argv[1:])
