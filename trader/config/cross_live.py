"""
What live mode asks of the other keys: that it was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from trader.config.app_yaml import AppYaml
from trader.config.checking import Mistake
from trader.config.facts import Facts


def live(facts: Facts) -> Iterator[Mistake]:
    """Live mode that nobody has enabled."""
    app = facts.stanza(AppYaml, "app")
    if app is not None and app.mode == "live" and not app.live.enabled:
        what = "set live.enabled to true, arm the account, or take paper or dry_run"
        yield ("app", "mode"), f"live is not enabled; {what}"
