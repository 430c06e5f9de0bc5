"""`trader reconcile` and a run that starts again read the record alike, and say the same of the venue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.backtest.worlds import World, job_of
from tests.builders import a_membership
from tests.execution.account import BTC, Account, Where
from tests.gateway.paper import market_of
from tests.gateway.sessions import ROOT
from tests.simulator.conftest import on_stage
from trader.config import load_config
from trader.config.desk import desk_of
from trader.execution.wire_setup import WireSetup
from trader.execution.wiring import WirePolicy, wire_order
from trader.gateway.account import Account as Named
from trader.gateway.books import Books
from trader.model.events import IntentStored, Marked, OrderChanged, StopMissing, UniverseReviewed, WireStored
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus, OrderType
from trader.model.trading import Side, TradingState
from trader.registry import Registry
from trader.running.operating import NotConfirmed, NothingToDo, reconcile, resume, seen_by
from trader.running.places import Places
from trader.state.journal import SqliteJournal
from trader.state.memory import MemoryJournal

pytestmark = pytest.mark.slow

JOB = job_of(World(bars=80))
ETH = "ETH-USD"


class Scene:
    """An account on a stage, up to the moment its process dies; the record is in `journal`."""

    def __init__(self, stage):
        self.stage, self.journal = stage, MemoryJournal()
        self.account = Account(Where.on(stage, Path()), self.journal, WirePolicy(), rests=lambda symbol: True)
        self.now = self.account.clock.now
        self.append(
            UniverseReviewed(self.now(), (a_membership(BTC), a_membership(ETH))), Marked(self.now(), Decimal(100_000))
        )

    def append(self, *events):
        self.account.execution.record(*events)

    def wish(self, n):
        price = self.account.where.price
        return OrderIntent(
            f"t247-{BTC}-{n}-abc", self.now(), BTC, Side.BUY, "sma", Decimal("0.002"), OrderType.MARKET, None, price,
            Decimal("0.002") * price * Decimal("1.02"), round(price * Decimal("0.9"), 2),
        )  # fmt: skip


def bought(scene):
    intent = scene.wish(1)
    scene.append(IntentStored(scene.now(), intent))
    scene.account.execution.send([intent], scene.now())
    for _ in range(40):
        assert scene.account.execution.sync()
        if any(life.intent.protects for life in scene.account.execution.lives.live.values()):
            return
        scene.account.clock.sleep(0.05)
    raise AssertionError("it was neither bought nor protected")


def stored(scene):
    scene.append(IntentStored(scene.now(), scene.wish(2)))


def sent_and_nobody_knows(scene):
    intent, product = scene.wish(3), scene.account.wire.products([BTC])[BTC]
    wire = wire_order(intent, product, WirePolicy(), intent.as_of)
    events = IntentStored(scene.now(), intent), WireStored(scene.now(), wire)
    scene.append(*events, OrderChanged(scene.now(), intent.client_order_id, OrderStatus.SENT))


def a_stranger(scene):
    return scene.stage.limit_buy("from-the-app", size="0.001")


def a_deposit_in_what_was_never_traded(scene):
    scene.account.execution.sync()
    scene.stage.direct("/deposit", currency="ETH", amount="0.5")


def everything(scene):
    for happens in (bought, stored, sent_and_nobody_knows, a_deposit_in_what_was_never_traded, a_stranger):
        happens(scene)


@pytest.fixture
def scene(tmp_path):
    (tmp_path / "papers").mkdir()
    with on_stage(tmp_path / "papers") as stage:
        yield Scene(stage)


def config_in(folder, account="main"):
    return load_config(
        ROOT / "config", ("app.mode=live", "app.live.enabled=true", f"app.account={account}", f"app.paths.var={folder}")
    )


def kept(config, journal):
    places = Places.of(config)
    with SqliteJournal(places.journal, mode=places.mode, account=places.account) as durable:
        durable.append(list(journal.replay()))


def started_again(scene):
    """As `trader run` would take it up; the venue has been read once and nothing was sent."""
    journal, market = MemoryJournal(), market_of(JOB)
    journal.append(list(scene.journal.replay()))
    desk = desk_of(JOB.config, Registry(()), market.policy, [one.stanza for one in JOB.strategies])
    setup = WireSetup(scene.account.where.wire(), scene.account.clock, (BTC, ETH))
    books = Books(desk, market, journal, Named("live", "main", ZERO, "1", "h"), wire=setup)
    assert books.wired.sync(), books.wired.down
    return books, journal


@pytest.mark.req("X2", "STOP")
@pytest.mark.parametrize(
    "happens", [bought, stored, sent_and_nobody_knows, a_stranger, a_deposit_in_what_was_never_traded, everything]
)
def test_both_tell_the_same(scene, tmp_path, happens):
    happens(scene)
    config = config_in(tmp_path / "var")
    kept(config, scene.journal)

    told = reconcile(config, scene.account.where.wire(), dry_run=True)
    books, _ = started_again(scene)

    assert told == seen_by(books.wired)
    assert told.agrees is (happens in (bought, stored))


@pytest.mark.req("X2", "STOP")
def test_what_reconcile_recorded_is_what_a_run_would_have_recorded(scene, tmp_path):
    everything(scene)
    config = config_in(tmp_path / "var")
    kept(config, scene.journal)

    reconcile(config, scene.account.where.wire(), dry_run=False)
    _, journal = started_again(scene)

    places, begun = Places.of(config), len(list(scene.journal.replay()))
    with SqliteJournal(places.journal, mode="live", account="main") as durable:
        recorded = list(durable.replay())[begun:]
    told, wanted = ([nameless(one) for one in events] for events in (recorded, list(journal.replay())[begun:]))
    assert [one for one in wanted if one not in told and not isinstance(one, StopMissing)] == []
    assert [one for one in told if one not in wanted] == []


def nameless(event):
    """*event* but for when it was recorded."""
    return replace(event, time=None) if hasattr(event, "time") else event


@pytest.mark.req("X2")
def test_a_dry_run_writes_nothing_and_an_empty_record_is_no_account(scene, tmp_path):
    everything(scene)
    config, empty = config_in(tmp_path / "var"), config_in(tmp_path / "var", "empty")
    kept(config, scene.journal)
    kept(empty, MemoryJournal())
    count = len(list(scene.journal.replay()))

    reconcile(config, scene.account.where.wire(), dry_run=True)
    with pytest.raises(NothingToDo, match="has never run"):
        reconcile(empty, scene.account.where.wire(), dry_run=False)

    for one, wanted in ((config, count), (empty, 0)):
        places = Places.of(one)
        with SqliteJournal(places.journal, mode="live", account=places.account) as durable:
            assert len(list(durable.replay())) == wanted


@pytest.mark.req("K1")
def test_an_order_that_is_not_ours_is_claimed_before_trading_goes_on(scene, tmp_path):
    scene.account.execution.sync()
    a_stranger(scene)
    assert scene.account.execution.sync()
    assert scene.account.ledger.state is TradingState.HALTED
    config, wire = config_in(tmp_path / "var"), scene.account.where.wire()
    kept(config, scene.journal)
    (stranger,) = scene.account.execution.lives.external

    with pytest.raises(NotConfirmed, match=f"{stranger} .*is not ours.*trader reconcile --claim {stranger}"):
        resume(config, "")
    assert not reconcile(config, wire, dry_run=False).agrees
    assert reconcile(config, wire, dry_run=False, claims=(stranger,)).strangers == ()

    assert resume(config, "") is TradingState.HALTED
    with pytest.raises(NothingToDo, match="is active"):
        resume(config, "")


def test_a_stranger_that_is_gone_needs_no_claim(scene, tmp_path):
    scene.account.execution.sync()
    a_stranger(scene)
    assert scene.account.execution.sync()
    scene.stage.sdk.cancel_orders(list(scene.account.execution.lives.external))
    config, wire = config_in(tmp_path / "var"), scene.account.where.wire()
    kept(config, scene.journal)

    reconcile(config, wire, dry_run=False)

    assert resume(config, "") is TradingState.HALTED
