"""
What the kernel must know of the desk to run the strategies: where they are, and their stanzas.
"""

from __future__ import annotations

from dataclasses import dataclass

from trader.policy import StrategyStanza


@dataclass(frozen=True, slots=True)
class DeskInfo:
    """The strategies to run: their folder, their stanzas (those to run are enabled), and how long each may take."""

    strategies_dir: str
    stanzas: tuple[StrategyStanza, ...]
    timeout_seconds: float
    mode: str
