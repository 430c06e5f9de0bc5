"""
What a spare kernel does before its cycle: everything once that costs more the first time.
"""

from __future__ import annotations


def warm_up() -> None:
    """Import what a cycle imports, and use it once on nothing."""
    import trader.gateway.client
    import trader.ops.result_marker  # noqa: F401
    from trader.gateway.line import SocketLine

    SocketLine("/nowhere").close()
