"""
What a live start does first: lock, integrity, replay, orders and fills, balances; only then does trading begin (T17).
What makes less of a risk is the exception: a stop for what is held without one, and the end of an order that has worked
long enough, leave as soon as the fills are in.

The venue's own log is the witness: what it was asked by the real command, and in which order.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

import pytest

from tests.gateway.drill import calls, until
from tests.gateway.hardship import a_live_account, asked, journal_of, nothing_is_broken, running
from trader.model.events import IntentStored

TAKEN_IN = ("list_orders", "list_fills", "accounts")
STOP = "a stop"
LESSENS = (STOP, "cancel_orders")
CHANGES = ("create_order", "edit_order")


def taken_up(routes: Iterable[str]) -> bool:
    """Orders, then fills, then balances were asked for, and all of them before anything was risked."""
    left = list(TAKEN_IN)
    for route in routes:
        if route in LESSENS and len(left) > 1:
            return False
        if route in CHANGES:
            return not left
        if left and route == left[0]:
            left.pop(0)
    return False


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ("accounts list_orders list_fills accounts create_order", True),
        ("list_orders list_fills accounts cancel_orders create_order", True),
        ("list_fills list_orders accounts create_order", False),
        ("list_orders create_order list_fills accounts", False),
        ("list_orders list_fills create_order accounts", False),
        ("accounts list_orders list_fills create_order", False),
        ("list_orders list_fills cancel_orders accounts create_order", True),
        ("list_orders cancel_orders list_fills accounts create_order", False),
        ("list_orders list_fills accounts", False),
        ("list_orders list_fills stop accounts create_order", True),
        ("list_orders stop list_fills accounts create_order", False),
        ("stop list_orders list_fills accounts create_order", False),
        ("", False),
    ],
)
def test_the_witness_knows_a_wrong_order_and_one_in_which_nothing_ever_left(routes, expected):
    assert taken_up(STOP if route == "stop" else route for route in routes.split()) is expected


def routes_since(stage, account, number: int) -> list[str]:
    """What was asked since, the making of protective stops under a name of its own."""
    intents = [event.intent for event in account.events() if isinstance(event, IntentStored)]
    stops = {intent.client_order_id for intent in intents if intent.protects}
    lines = [line for line in list(stage.simulator.station.log) if line.number > number]
    return [STOP if line.client_order_id in stops else line.route for line in lines]


@pytest.mark.req("X1", "X2")
@pytest.mark.slow
def test_a_live_start_reads_orders_fills_and_balances_before_anything_leaves(tmp_path):
    with a_live_account(tmp_path) as (stage, account):
        for _ in range(2):  # the second takes over what the first, killed, has left
            before, sent = asked(stage), calls(stage, "create_order")
            with running(account) as console:
                until(lambda sent=sent: calls(stage, "create_order") > sent + 2, 60, console, "three orders")
            told = routes_since(stage, account, before)
            assert taken_up(told), told
        nothing_is_broken(stage, account)


@pytest.mark.req("X1")
@pytest.mark.slow
def test_who_finds_the_account_locked_asks_the_venue_nothing(tmp_path):
    with a_live_account(tmp_path) as (stage, account), running(account) as console:
        until(lambda: calls(stage, "create_order"), 60, console, "a first order")
        console.process.send_signal(signal.SIGSTOP)  # it holds the lock, and asks nothing meanwhile
        before = settled(stage)

        second = account.run(1)

        assert (second.returncode, asked(stage)) == (3, before), second.stderr
        assert str(console.process.pid) in second.stderr
        console.process.send_signal(signal.SIGCONT)


@pytest.mark.req("X1")
@pytest.mark.slow
def test_a_damaged_record_is_refused_before_the_venue_is_asked_anything(tmp_path):
    with a_live_account(tmp_path) as (stage, account):
        assert account.run(1).returncode == 0
        record = journal_of(account)
        sound = record.read_bytes()
        before = settled(stage)

        for damage in (sound.replace(b"pulse", b"pulsf"), b""):
            record.write_bytes(damage) if damage else record.unlink()
            refused = account.run(1)
            assert (refused.returncode, asked(stage)) == (2, before), refused.stderr

        record.write_bytes(sound)
        assert account.run(1).returncode == 0
        assert asked(stage) > before


def settled(stage) -> int:
    """How much was asked, once what was on its way has come in."""
    seen = -1
    while seen != asked(stage):
        seen = asked(stage)
        time.sleep(0.5)
    return seen
