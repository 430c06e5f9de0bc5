"""What comes in over the socket is answered or refused in a sentence; nothing that comes in can break the gateway."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from tests.backtest.worlds import World, job_of
from tests.builders import a_proposal
from tests.gateway.paper import a_core, facts_of, proposer
from trader.errors import ExchangeUnreachable, TraderError
from trader.gateway.desk_info import DeskInfo, Stanza
from trader.gateway.line import SocketLine
from trader.gateway.server import BODY_BYTES_MAX, Door
from trader.gateway.service import Gateway
from trader.gateway.socket_file import socket_path
from trader.model.codec import dumps, loads
from trader.model.decision import Decision, Proposals
from trader.model.events import Decided, IntentStored
from trader.model.market import Regime
from trader.state.memory import MemoryJournal

JOB = job_of(World(act_share=100, sell_share=0))


@pytest.fixture
def gateway():
    core = a_core(JOB, MemoryJournal())
    stanzas = tuple(Stanza.of(one.stanza) for one in JOB.strategies)
    return Gateway(core, DeskInfo("paper", "test", "a world", "", stanzas, "{}", 2.0, {Regime.CHOP: Decimal(1)}))


@pytest.fixture
def door(gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    opened = Door(gateway, socket_path(tmp_path, "test"))
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def line(door):
    calling = SocketLine(door.path)
    yield calling
    calling.close()


def http(door, method, path, content=b""):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(door.path)), base_url="http://gateway") as client:
        return client.request(method, path, content=content)


def test_desk_account_and_snapshot_come_back_as_they_went_in(gateway, line):
    cycle = gateway.begin()

    assert loads(DeskInfo, line.ask("GET", "/v1/desk")) == gateway.desk
    assert line.ask("GET", f"/v1/cycles/{cycle.id}/snapshot") == dumps(cycle.snapshot)
    assert json.loads(line.ask("GET", "/v1/account"))["cash_usd"] == "10000"


@pytest.mark.req("SEC1")
def test_a_snapshot_says_nothing_of_keys_or_places(gateway, line):
    text = line.ask("GET", f"/v1/cycles/{gateway.begin().id}/snapshot") + line.ask("GET", "/v1/account")

    assert not any(word in text.lower() for word in ("key", "secret", "token", "sqlite", "/var/"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "content", "status", "says"),
    [
        pytest.param("GET", "/", b"", 404, "the gateway answers", id="no such question"),
        pytest.param("POST", "/v1/desk", b"", 404, "the gateway answers", id="a question of another kind"),
        pytest.param("GET", "/v1/cycles/../../etc/passwd", b"", 404, "the gateway answers", id="a path"),
        pytest.param("GET", "/v1/cycles/nobody/snapshot", b"", 409, "not in progress", id="a cycle of nobody's"),
        pytest.param("POST", "/v1/cycles/CYCLE/proposals", b"{", 400, "no proposals: not JSON", id="no JSON"),
        pytest.param("POST", "/v1/cycles/CYCLE/proposals", b"[1]", 400, "no proposals", id="another JSON"),
        pytest.param("POST", "/v1/cycles/CYCLE/proposals", b"\xff\xfe", 400, "not UTF-8", id="no text"),
        pytest.param("POST", "/v1/cycles/CYCLE/proposals", b"[" * 200_000, 400, "no proposals", id="a deep hole"),
        pytest.param("POST", "/v1/cycles/CYCLE/proposals", b"x" * (BODY_BYTES_MAX + 1), 413, "bytes", id="too much"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(method, path, content, status, says, gateway, door):
    cycle = gateway.begin()

    answer = http(door, method, path.replace("CYCLE", cycle.id), content)

    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert cycle.decision is None
    assert http(door, "GET", "/v1/desk").status_code == 200


@pytest.mark.req("X1")
def test_a_second_submission_changes_nothing_and_gets_the_first_answer(gateway, line):
    cycle = gateway.begin()
    path, honest = f"/v1/cycles/{cycle.id}/proposals", proposer(JOB)(cycle.snapshot)
    first = line.ask("POST", path, dumps(honest))

    again = line.ask("POST", path, dumps(honest))
    other = line.ask("POST", path, dumps(replace(honest, proposals=())))

    assert loads(Decision, first).intents
    assert first == again == other
    events = gateway.standing().seen
    assert sum(isinstance(event, Decided) for event in events) == 1
    assert sum(isinstance(event, IntentStored) for event in events) == len(loads(Decision, first).intents)


@pytest.mark.req("X1")
def test_two_who_submit_at_once_are_one_submission(gateway, line, door):
    cycle = gateway.begin()
    body, answers = dumps(proposer(JOB)(cycle.snapshot)), []

    def submit():
        answers.append(http(door, "POST", f"/v1/cycles/{cycle.id}/proposals", body.encode()).text)

    callers = [threading.Thread(target=submit) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert sum(isinstance(event, Decided) for event in gateway.standing().seen) == 1


@pytest.mark.req("SEC1")
def test_a_cycle_that_is_over_takes_nothing_more(gateway, line):
    old = gateway.begin()
    gateway.finish(old.id, "failed")
    now = gateway.begin()
    lie = replace(proposer(JOB)(now.snapshot), snapshot_id=old.id, as_of=old.snapshot.as_of)

    with pytest.raises(TraderError, match="not in progress"):
        line.ask("POST", f"/v1/cycles/{old.id}/proposals", dumps(lie))
    decided = loads(Decision, line.ask("POST", f"/v1/cycles/{now.id}/proposals", dumps(lie)))

    assert decided.verdicts == ()
    assert "all proposals dropped" in now.proposals.reports[0].detail


@pytest.mark.req("SEC1", "E1", "R1")
def test_no_cell_orders_more_than_risk_permits(gateway, line):
    """A tampered proposal: all of it, twice over, without a stop, and a sale of what is not held."""
    cycle = gateway.begin()
    name = JOB.strategies[0].stanza.name
    symbol = cycle.snapshot.closed[3600][0]
    greedy = a_proposal(symbol=symbol, strategy=name, notional_pct=100.0, stop_loss_pct=0.0)
    huge = a_proposal(symbol=symbol, strategy=name, notional_pct=10_000.0)
    short = replace(a_proposal(symbol=symbol, strategy=name), side=type(greedy.side)("SELL"), notional_pct=100.0)

    body = dumps(Proposals(cycle.id, cycle.snapshot.as_of, (greedy, huge, short)))
    decision = loads(Decision, line.ask("POST", f"/v1/cycles/{cycle.id}/proposals", body))

    assert decision.intents == ()
    assert decision.verdicts
    assert all(verdict.denied for verdict in decision.verdicts)


def test_a_gateway_that_is_gone_is_unreachable_and_not_a_traceback(gateway, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    door = Door(gateway, socket_path(tmp_path, "gone"))
    door.open()
    line = SocketLine(door.path)
    line.ask("GET", "/v1/desk")

    door.close()

    assert not door.path.exists()
    with pytest.raises(ExchangeUnreachable, match="does not answer"):
        line.ask("GET", "/v1/desk")


def test_facts_are_all_the_gateway_knows_of_a_strategy():
    facts = facts_of(JOB.strategies)[0]

    assert dumps(facts) == '{"name":"dice_0","symbols":null,"timeframe_seconds":3600,"window_bars":4}'
