"""K1 end to end: the real command against a venue that is slow, fails, and has an order on its way."""

from __future__ import annotations

import statistics

import pytest

from tests.gateway.drill import DETECT_SECONDS, EMPTY_SECONDS, drill
from trader.model.events import ExternalSeen, StateMoved
from trader.model.trading import TradingState
from trader.state.journal import journal_path, verify

RECORDED_SECONDS = 30.0
"""The gateway records it when the call it waits for is over."""


def meets_the_limits(figures, account):
    assert figures.told <= DETECT_SECONDS, figures
    assert figures.detected <= DETECT_SECONDS, figures
    assert figures.empty <= EMPTY_SECONDS, figures
    assert figures.late <= EMPTY_SECONDS, figures
    assert figures.creates == 0, figures
    kills = [e for e in account.events() if isinstance(e, StateMoved) and e.state is TradingState.KILLED]
    assert [(kill.reason, kill.by) for kill in kills] == [("drill", "kill switch")]
    recorded = figures.until_recorded(kills[0].time)
    print(f"recorded {recorded:.2f} s")
    assert 0 <= recorded <= RECORDED_SECONDS
    assert verify(journal_path(account.folder / "var", "live", "rehearsal")).damage == ""


@pytest.mark.req("K1", "NF1")
@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_send_empties_a_failing_venue(tmp_path):
    figures, account, _ = drill(tmp_path, seed=1)

    print(figures.line())
    meets_the_limits(figures, account)
    assert any(isinstance(event, ExternalSeen) for event in account.events())  # the books learn by taking in


@pytest.mark.prove
@pytest.mark.req("K1")
@pytest.mark.timeout(900)
def test_five_drills_on_end(tmp_path):
    found = []
    for seed in range(2, 7):
        figures, account, _ = drill(tmp_path / str(seed), seed)
        print(figures.line())
        meets_the_limits(figures, account)
        found.append(figures)
    for name in ("told", "detected", "empty", "late"):
        values = [getattr(figures, name) for figures in found]
        print(f"{name}: median {statistics.median(values):.2f} s, worst {max(values):.2f} s")
