"""A stop that does not rest at the venue is said once, in the voice that fits."""

from __future__ import annotations

import pytest

from trader.execution.wire_tend import NOT_YET
from trader.gateway.account_view import Bare
from trader.running.stops import StopsTold, left_alone

LOST = Bare("sma", "BTC-USD", "it was not taken: too near")
NEVER = Bare("sma", "DOGE-USD", "the venue takes no stop in DOGE-USD")


class Heard:
    """Somebody who is told."""

    def __init__(self):
        self.notes, self.criticals = [], []

    def note(self, sentence):
        self.notes.append(sentence)

    def critical(self, sentence):
        self.criticals.append(sentence)


@pytest.mark.req("EXITS")
def test_a_lost_stop_is_critical_once_and_where_none_is_taken_a_note():
    heard = Heard()
    told = StopsTold(heard, lambda symbol: symbol == "BTC-USD")

    told.look([])
    told.look([LOST, NEVER])
    told.look([LOST, NEVER])

    assert heard.criticals == [f"{LOST.sentence()}; only this process protects it, at each cycle"]
    assert heard.notes == [f"{NEVER.sentence()}; only this process protects it, at each cycle"]

    told.look([NEVER])
    assert heard.notes[1:] == ["BTC-USD of sma: its stop rests at the venue again, or nothing is held any more"]
    told.look([LOST, NEVER])
    assert len(heard.criticals) == 2


@pytest.mark.req("EXITS")
def test_a_stop_that_is_still_to_be_asked_for_alarms_nobody_but_at_the_end():
    heard, bought = Heard(), Bare("sma", "BTC-USD", NOT_YET)
    told = StopsTold(heard, lambda symbol: True)

    told.look([bought])
    told.look([])
    assert heard.notes == heard.criticals == []

    left_alone([bought], heard)
    assert len(heard.criticals) == 1


@pytest.mark.req("EXITS")
def test_a_run_that_ends_says_what_nobody_protects_from_then_on():
    heard = Heard()

    left_alone([LOST], heard)

    assert heard.criticals == [f"{LOST.sentence()}; this run ends, and nothing protects it until it is started again"]
