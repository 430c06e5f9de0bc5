"""
Carrying decisions out on a venue that may be slow, lie, or not answer.

The same surface as the engine of a simulated account; `sync` takes in what has
happened, looks after what rests and compares the balances, and is where an
account begins after a restart.  While the venue cannot be read, `down` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from trader.execution.engine import ExecutionEngine, LastLook, nothing_forbids
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_balances import Doubts, unexplained
from trader.execution.wire_intake import Intake
from trader.execution.wire_record import STOPPED, WireRecord
from trader.execution.wire_send import Sender
from trader.execution.wire_setup import WireSetup
from trader.execution.wire_tend import Tender
from trader.model.decision import Decision, Proposals
from trader.model.events import Event, ForeignHeld
from trader.model.market import asset_of
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus
from trader.model.trading import Side, TradingState
from trader.ports import Clock, Journal, WireDown
from trader.state.ledger import Ledger
from trader.state.reconcile import Difference, differences, foreign, holdings

GENTLY = timedelta(seconds=5)
"""How often somebody looks between cycles whether an entry that rests has filled."""


class WireExecution(ExecutionEngine):
    """One account's way to a real venue; *lives* is folded from the journal the *ledger* was, *since* its last mark."""

    def __init__(
        self,
        journal: Journal,
        ledger: Ledger,
        setup: WireSetup,
        lives: Lifecycle,
        since: datetime,
        last_look: LastLook = nothing_forbids,
    ) -> None:
        super().__init__(journal, ledger, None, last_look)
        self.record_book = WireRecord(journal, ledger, setup.clock, lives)
        self._wire, self._symbols, self._policy = setup.wire, setup.symbols, setup.policy
        self.tender = Tender(self.record_book, setup.policy, setup.quote, setup.rests, setup.bot_id)
        self.intake = Intake(self.record_book, setup.wire, setup.policy, self.tender.follow_up, since)
        self.sender = Sender(self.record_book, setup.wire, self.intake, setup.policy, self._look)
        self._freshen, self._review, self._tends = setup.freshen, setup.review, setup.tends
        self._doubts = Doubts()
        self.down = ""
        self._looked_at = since

    @property
    def lives(self) -> Lifecycle:
        """Every intent and what the venue calls it."""
        return self.record_book.lives

    def record(self, *events: Event) -> None:
        """Commit *events*, then fold them in."""
        self.record_book.record(*events)

    def carry_out(self, decision: Decision, proposals: Proposals, cycle_id: str) -> None:
        """
        Record *decision* with its intents, send what it planned, take in what came of it at once, and let what was
        bought, or had its stop step aside for an exit that did not leave, have its stop: a process that dies before
        the next cycle leaves it protected.
        """
        before = self._is_at_work
        super().carry_out(decision, proposals, cycle_id)
        if decision.intents and (before or self._is_at_work):
            self._reading(self._take_in_and_protect)

    @property
    def _is_at_work(self) -> bool:
        return any(life.at_venue for life in self.lives.live.values())

    def _take_in_and_protect(self) -> None:
        self._take_in()
        self.tender.protect(self.sender)
        self.tender.tell()

    def send(self, intents: Sequence[OrderIntent], now: datetime) -> None:
        """Send *intents*, exits first: what they free can be spent, and they must not wait."""
        self._freshen(sorted({intent.symbol for intent in intents}))
        for intent in sorted(intents, key=lambda one: one.side.value, reverse=True):
            self.sender.send(intent)
        self._go_on()

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """Ask for the end of working orders; what becomes of them is taken in later."""
        self.sender.cancel(client_order_ids)

    def unrecorded_news(self) -> list[Event]:
        """Nothing: what is taken in from a venue is recorded as it is taken in."""
        return []

    def take_up(self) -> None:
        """After a restart: what had not left stays here, and what may have left is unknown until it is found."""
        for life in list(self.lives.live.values()):
            if life.status is OrderStatus.STORED:
                self.record_book.move(life, OrderStatus.NOT_SENT, "stopped before it was sent")
            elif life.status is OrderStatus.SENT:
                self.record_book.move(life, OrderStatus.UNKNOWN, "stopped before its answer was recorded")

    def sync(self) -> bool:
        """Take in, look after what rests, compare balances; False where the venue could not be read."""
        return self._reading(self._synced)

    def _synced(self) -> None:
        unread = self._unread_products()
        self._take_in()
        if self._tends:
            self.tender.end_overdue(self.sender)
            self.tender.protect(self.sender)
            self.tender.tell()
        state = self.ledger.state
        self._compare_balances()
        if self._tends and self.ledger.state is not state:
            self._end_what_must_not_work()
        self._review()
        if unread is not None:
            raise unread

    def _unread_products(self) -> WireDown | None:
        """Ask for the products; where nobody tells, those last known serve, and nothing is entered meanwhile."""
        try:
            self.sender.products = dict(self._wire.products(self._symbols))
        except WireDown as down:
            self.down = str(down)
            return down
        return None

    def look_gently(self) -> None:
        """Every few seconds while a BUY rests: what it bought since the last look has no stop yet."""
        resting = any(one.at_venue and one.intent.side is Side.BUY for one in self.lives.live.values())
        if resting and abs(self.clock.now() - self._looked_at) >= GENTLY:
            self._reading(self._take_in_and_protect)

    def _take_in(self) -> None:
        """Take in, end what must not work, and go on where something ended."""
        self.intake.take_in()
        if self._tends:
            self._end_what_must_not_work()
        self._go_on()

    def _end_what_must_not_work(self) -> None:
        """Orders that are over here, everything once killed, and every BUY while nothing may be entered."""
        if self.intake.astray:
            self._wire.cancel(self.intake.astray)
        live, state = self.lives.live, self.ledger.state
        if state is TradingState.KILLED:
            self.sender.cancel_later(live)
        elif state is not TradingState.ACTIVE:
            self.sender.cancel_later(i for i, life in live.items() if life.intent.side is Side.BUY)
        self.sender.cancel_unwanted()

    def _go_on(self) -> None:
        """Send what goes on where another order ended; each try is counted, so this comes to an end."""
        while self.intake.following:
            intent = self.intake.following.pop(0)
            self._freshen((intent.symbol,))
            self.sender.send(intent)
        if self.sender.waiting:
            self.sender.send_waiting(self._freshen)

    def _reading(self, read: Callable[[], None]) -> bool:
        self._looked_at = self.clock.now()
        try:
            read()
        except WireDown as down:
            self.down = str(down)
            if self._tends:
                self.tender.tell_unread()
            return False
        self.down = ""
        return True

    @property
    def is_unsure(self) -> bool:
        """
        An order may be at the venue under no name we know, is to be cancelled and is not over, or does not rest and is
        not over: what it bought has no stop before its fills are in.  Or the balances do not add up.
        """
        live = self.lives.live
        doubts = self._doubts.waiting and self.ledger.state not in STOPPED
        if doubts or self.intake.astray or self.sender.waiting or self.sender.unwanted & live.keys():
            return True
        return any(one.status is OrderStatus.UNKNOWN or (one.at_venue and not one.rests) for one in live.values())

    @property
    def ledger(self) -> Ledger:
        """The account's books."""
        return self.record_book.ledger

    def _look(self, intent: OrderIntent) -> str | None:
        """The last look; a venue that cannot be read, or has other money than the books, gets no entries."""
        if intent.side is Side.BUY:
            if self.down:
                return f"the venue cannot be read: {self.down}"
            if self._doubts.says:
                return self._doubts.says
        return self._last_look(intent)

    @property
    def clock(self) -> Clock:
        """The venue's time."""
        return self.record_book.clock

    def differences(self) -> list[Difference]:
        """Currencies in which the books and the venue's balances do not add up just now; raises WireDown."""
        ours = dict.fromkeys((asset_of(symbol) for symbol in self._symbols), ZERO)
        ours |= holdings(self.ledger.cash_usd, self.ledger.positions.values())
        balances = self._wire.balances()
        if self.lives.foreign is None:
            self.record(ForeignHeld(self.clock.now(), foreign(balances, ours)))
        assert self.lives.foreign is not None, "just recorded"
        return differences(ours, self.lives.foreign, balances)

    def _compare_balances(self) -> None:
        """A difference that stays longer than a fill may be on its way halts: a resting stop fills unasked."""
        odd = unexplained(self.differences(), self.lives.live.values(), self._policy.taker_bps)
        lasting = self._doubts.compared(odd, self.clock.now(), 2 * self._policy.settle)
        for difference in lasting:
            if self.ledger.state not in STOPPED:
                self.record_book.differ(f"balance of {difference.currency}", difference.ours, difference.theirs)
