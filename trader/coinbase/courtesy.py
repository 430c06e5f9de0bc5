"""
What all of this process share who ask one host: the turns of public questions, and the budget of retries.

The venue counts public questions by address, so a pace for each connection would
be none.  Another process on the same machine is not seen from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from trader.coinbase.turns import Budget, Turns

PUBLIC_PER_SECOND: Final = 8.0
"""The venue documents ten a second and address for what is public."""
RETRIES_PER_SECOND, RETRIES_BURST = 1.0, 10


class Courtesy:
    """Towards one host; *monotonic* and *sleep* are for those who write time themselves."""

    def __init__(
        self,
        public_per_second: float = PUBLIC_PER_SECOND,
        retries_per_second: float = RETRIES_PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.public = Turns(public_per_second, monotonic, sleep)
        self.budget = Budget(retries_per_second, RETRIES_BURST, monotonic)

    def no_more_than(self, public_per_second: float, retries_per_second: float) -> None:
        """From now on at most so many a second of each: who is stricter speaks for all."""
        self.public.no_more_than(public_per_second)
        self.budget.no_more_than(retries_per_second)


_known: dict[str, Courtesy] = {}
_lock = threading.Lock()


def courtesy_to(
    host: str, public_per_second: float = PUBLIC_PER_SECOND, retries_per_second: float = RETRIES_PER_SECOND
) -> Courtesy:
    """The one of this process towards *host* (`name[:port]`), no less strict than what is asked for."""
    with _lock:
        known = _known.setdefault(host.lower().removesuffix(":443"), Courtesy(public_per_second, retries_per_second))
        known.no_more_than(public_per_second, retries_per_second)
        return known
