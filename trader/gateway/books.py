"""
One account's books on a market that replays: taken up from the journal, settled instant by instant.

Whatever a process had begun when it died is finished here before anything new
is: afterwards the account is where it would be had nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from trader.desk import Desk
from trader.exchange.simulated import SimulatedExchange
from trader.execution.engine import ExecutionEngine, LastLook, nothing_forbids
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_setup import WireSetup
from trader.gateway.account import Account
from trader.gateway.account_view import AccountView, Bare, view_of
from trader.gateway.continuity import must_be_the_same_market, must_be_watched, where_to_go_on
from trader.gateway.marking import Marking
from trader.gateway.recovery import INTERRUPTED, Recovered, on_venue, recover, settle_orders
from trader.gateway.witness import Witness
from trader.market.market import Market
from trader.model.book import Book
from trader.model.events import CycleEnded, Event, RegimeChanged, StateMoved, UniverseReviewed
from trader.model.orders import OrderIntent
from trader.model.trading import Side, TradingState
from trader.ports import Journal
from trader.state.ledger import Ledger
from trader.universe import changes

Venue = Callable[[Ledger], SimulatedExchange]
"""Makes the exchange of an account, given its books as they stand."""


def always() -> bool:
    """Where nobody else can be."""
    return True


def never() -> str:
    """Where nobody can press a kill switch."""
    return ""


class Books:
    """
    What an account owns and has working, on *market*; without a *venue* nothing is ever sent.

    *is_ours* is asked before every send whether the account is still this process's, *killed* why everything must
    stop (empty: it need not), *forbids* whether anything else speaks against it.  With *wire* the account is on a
    venue, and what happened there is taken in, not played.
    *settled* is the instant up to which bars were played (None before the first), *following* the next to decide at,
    *ahead_since* the instant of the last mark where *market* ends before it.
    """

    def __init__(
        self,
        desk: Desk,
        market: Market,
        journal: Journal,
        account: Account,
        venue: Venue | None = None,
        is_ours: Callable[[], bool] = always,
        wire: WireSetup | None = None,
        forbids: LastLook = nothing_forbids,
        killed: Callable[[], str] = never,
    ) -> None:
        self._is_ours, self._forbids, self._killed = is_ours, forbids, killed
        self.desk, self.market, self.account = desk, market, account
        self.ledger, self.journal = Ledger(), Witness(journal)
        self._marking = Marking(market, desk.risk.rules)
        lives = Lifecycle()
        opening = market.time(market.first) if wire is None else wire.clock.now()
        self.found = recover(self.journal, self.ledger, account, opening, lives if wire is not None else None)
        must_be_the_same_market(self.found.source, account.source, self.ledger)
        marked_at = self.found.marked_at
        self.settled = where_to_go_on(market, self.ledger if wire is None else None, marked_at)
        self.following = market.first if self.settled is None else self.settled
        is_ahead = wire is None and marked_at is not None and marked_at > market.time(market.last)
        self.ahead_since = marked_at if is_ahead else None
        if self.settled is not None:
            market.changes(self.settled)
        self.exchange = venue(self.ledger) if venue is not None else None
        self.wired: WireExecution | None = None
        if wire is not None:
            must_be_watched(market, self.ledger)
            self.wired = on_venue(self.journal, self.ledger, lives, self.found, wire, self._last_look)
        self.execution = self.wired or ExecutionEngine(self.journal, self.ledger, self.exchange, self._last_look)
        if self.found.marked_at is not None:
            self._take_up(self.found, self.found.marked_at)

    def _take_up(self, found: Recovered, now: datetime) -> None:
        """Finish what the process before had begun at the instant *now*."""
        unsent: tuple[OrderIntent, ...] = ()
        if self.wired is None:
            unsent = settle_orders(self.journal, self.ledger, now)
        if self.exchange is not None:
            leaving = {intent.client_order_id for intent in unsent}
            working = [order for order_id, order in self.ledger.working.items() if order_id not in leaving]
            self.exchange.restore(self.ledger.positions.values(), working)
        self.execution.send(unsent, now)
        if self.ledger.state is not TradingState.ACTIVE:
            buys = [i for i, order in self.ledger.working.items() if order.intent.side is Side.BUY]
            self.execution.cancel(buys)
        if found.open_cycle:
            self.execution.record(CycleEnded(now, found.open_cycle, INTERRUPTED, detail="the process ended within it"))
        if found.is_over_at(now) and self.settled is not None and self.market.time(self.settled) == now:
            self.following = self.settled + 1

    @property
    def now(self) -> datetime:
        """The instant the account has come to."""
        at = self.market.time(self.market.first if self.settled is None else self.settled)
        return self.ahead_since or at

    @property
    def moved_from(self) -> str:
        """The other market it ran on before, with nothing held or ordered any more; empty where it is the same."""
        before, now = self.found.source, self.account.source
        return before if before and now and before != now else ""

    @property
    def nlv_usd(self) -> Decimal:
        """What the account is worth where it stands; bars that end before that cannot say, its last mark does."""
        return self.book().nlv_usd if self.ahead_since is None else self.found.marked_usd

    @property
    def clock_time(self) -> datetime:
        """What the clock of the account's venue says; where it has none, the instant the account has come to."""
        return self.now if self.wired is None else self.wired.clock.now()

    def settle(self, k: int) -> list[Event]:
        """
        Play every bar up to instant *k* and value the account; what happened, for the caller to commit at once.

        Fills and the mark after them stand in one commit: the last mark says up to where bars were played, so that a
        restart never plays one twice.  The ledger has folded them already; where the commit fails it dies with us.
        """
        market, exchange = self.market, self.exchange
        if self.wired is not None:
            self.wired.sync()  # also where the instant was valued already: time has passed since a process died in it
        if self.settled == k:
            return []
        happened: list[Event] = []
        if exchange is not None and self.settled is not None:
            for j in range(self.settled, k):
                exchange.settle(market.time(j), market.time(j + 1), market.bars_at(j))
            happened = self.execution.unrecorded_news()
        self.ledger.apply_all(happened)
        valued = self._marking.value(self.ledger, k, self.desk.exits)
        self.ledger.apply_all(valued)
        self.settled = k
        return [*happened, *valued]

    def weather(self, k: int) -> list[Event]:
        """Who may be traded from instant *k* on and which regime it is, where that is news; to be committed at once."""
        market, ledger = self.market, self.ledger
        market.changes(k)
        found: list[Event] = []
        memberships = changes(ledger.membership, market.membership)
        if memberships:
            found.append(UniverseReviewed(market.time(k), memberships))
        if market.regime is not ledger.regime:
            multiplier = self.desk.regime.multipliers[market.regime]
            found.append(RegimeChanged(market.time(k), market.regime, ledger.regime, multiplier))
        ledger.apply_all(found)
        return found

    def book(self) -> Book:
        """What is owned and working where the account stands."""
        marks = {} if self.settled is None else self._marking.marks(self.ledger.to_be_marked, self.settled)
        return self.ledger.book(self.now, marks, self.market.themes, self.market.tiers)

    def view(self) -> AccountView:
        """The account as it stands, and what the journal has seen since it last forgot."""
        multiplier = self.desk.regime.multipliers[self.market.regime]
        mode, name = self.account.mode, self.account.name
        return view_of(self.book(), mode, name, self.desk.risk.rules, multiplier, self.journal.seen, self.unprotected)

    @property
    def unprotected(self) -> tuple[Bare, ...]:
        """Positions for which no stop rests at the venue; none where fills are simulated, for there it always does."""
        bare = {} if self.wired is None else self.wired.tender.unprotected
        return tuple(Bare(*key, why) for key, why in bare.items())

    def heed_kill(self) -> bool:
        """Where the kill switch is pressed: nothing is sent any more, and what works is cancelled; whether it is."""
        reason = self._killed()
        if reason and self.ledger.state is not TradingState.KILLED:
            self.execution.record(StateMoved(self.clock_time, TradingState.KILLED, reason, "kill switch"))
            self.execution.cancel(list(self.ledger.working))
        return self.ledger.state is TradingState.KILLED

    @property
    def is_cut_off(self) -> bool:
        """The venue could not be read when it was last asked."""
        return self.wired is not None and bool(self.wired.down)

    def look_again(self) -> None:
        """
        Between cycles: heed the kill switch, and look for what may not wait until the next.  Killed, with nothing of
        ours at the venue, it asks for nothing: the calls are the watchdog's then.
        """
        killed = self.heed_kill()
        if self.wired is None:
            return
        if self.wired.is_unsure or (killed and self.wired.lives.live):
            self.wired.sync()
        elif not killed:
            self.wired.look_gently()

    def at_venue(self) -> list[str]:
        """The venue's ids of our orders there; may be asked from any thread, also while another writes."""
        live = [] if self.wired is None else list(self.wired.lives.live.values())  # no other thread gets between
        return [life.order_id for life in live if life.order_id]

    def _last_look(self, intent: OrderIntent) -> str | None:
        pressed = self._killed()
        if pressed:
            return f"killed: {pressed}"
        if not self._is_ours():
            return "another instance holds the account"
        state = self.ledger.state
        if state in (TradingState.HALTED, TradingState.KILLED):
            return f"trading is {state.value}"
        if state is TradingState.REDUCING and intent.side is Side.BUY:
            return "trading is reducing: exits only"
        if self.ledger.unmarked and intent.side is Side.BUY:
            return f"no fresh and accepted price of {', '.join(self.ledger.unmarked)}, which is held"
        return self._forbids(intent)
