"""
`trader.ports.Wire` over the venue, through the weather: late, lost, doubled, refused, and always taking its time.

A create's fate is drawn before it leaves; whatever the answer says, the venue knows what is true.  Each call is two
points at which the process may die: before its first byte and before its answer is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from tests.simulation.clock import VirtualClock, at, ms_of
from tests.simulation.venue import Execution, TrueOrder, Venue
from tests.simulation.weather import ASK_FAULTS, CANCEL_FAULTS, CLIENT_TIMEOUT_MS, LIES, SLOW_MS, Profile, drawn
from trader.model.wire import Balance, Preview, ProductState, Terms, VenueFill, VenueOrder, WireOrder
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, WireDown

READ_BY_A_LOOK = ("products", "orders", "fills", "balances")
TOKEN_MS = 120_000
"""A request that has not been taken by then cannot authenticate any more."""


@dataclass(slots=True)
class Flight:
    """A create on its way to the venue that nobody has answered."""

    wire: WireOrder
    sent_ms: int
    lands_ms: int


@dataclass(slots=True)
class Told:
    """
    Who is told what leaves: *sending* at the first byte of a create, *fault* of every fault, *point* before each.

    *weighing* hears of every answer that tells the balances.
    """

    sending: Callable[[WireOrder], None] = lambda wire: None
    fault: Callable[[str], None] = lambda kind: None
    point: Callable[[str], None] = lambda name: None
    answered: Callable[[WireOrder, object], None] = lambda wire, answer: None
    cancelling: Callable[[Sequence[str]], None] = lambda order_ids: None
    owing: Callable[[str, str], None] = lambda what, client_order_id: None
    weighing: Callable[[], None] = lambda: None
    said: Callable[[str], None] | None = None


@dataclass(slots=True)
class SimulatedWire:
    """
    The account's session at *venue* in the weather of *profile*.

    *script* gives the fates of the next creates, *questions* those of the next questions ("" where nothing goes wrong).
    """

    venue: Venue
    clock: VirtualClock
    rng: Random
    profile: Profile
    told: Told = field(default_factory=Told)
    script: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    host: str = "simulated"
    flights: list[Flight] = field(default_factory=list)
    lies: dict[str, str] = field(default_factory=dict)
    """The ids that orders were acknowledged with and do not have, by client order id; "" where one was refused."""
    read: int = 0
    """How often the balances were told, which are asked for last."""
    unread: int = 0
    """How many questions went unanswered without which nobody knows how the account stands."""
    unanswered: int = 0
    """How many questions went unanswered, whichever."""
    odd_rows: list[VenueFill] = field(default_factory=list)
    """Rows that take back or change what a row before them has said."""
    unlisted: bool = False
    """The products were asked for last time without an answer."""
    told_fills: int = 0
    """How often the fills were told, which are asked for after the orders."""
    products_told: Mapping[str, ProductState] = field(default_factory=dict)

    # What changes something

    def place(
        self, order: WireOrder, forbids: Callable[[], str] = lambda: ""
    ) -> Acknowledged | Refused | NotAccepted | OutcomeUnknown:
        self.told.point("place")
        if self.profile.slow_send and self.rng.random() < self.profile.slow_send:
            self.told.fault("slow_send")  # names, turns and handshakes are waited for before the first byte
            self.clock.pass_ms(self.rng.randrange(*SLOW_MS))
        why = forbids()
        if why:
            self.told.fault("held back at the first byte")
            return NotAccepted(why)
        self.told.sending(order)
        fate = self.script.pop(0) if self.script else drawn(self.rng, self.profile.place)
        answer = self._lied(order, fate) if fate in LIES else self._fated(order, fate)
        if fate:
            self.told.fault(fate)
        self.told.answered(order, answer)
        if self.told.said:
            what = f"{order.client_order_id} {order.side} {order.size}@{order.limit_price}"
            self.told.said(f"create {what}: {fate} {answer}")
        self.told.point("placed")
        return answer

    def _fated(self, order: WireOrder, fate: str) -> Acknowledged | Refused | NotAccepted | OutcomeUnknown:
        clock, rng = self.clock, self.rng
        if fate in ("refused_connection", "429"):
            clock.pass_ms(20)
            return NotAccepted(fate)
        if fate == "401":
            clock.pass_ms(rng.randrange(20, 150))
            return Refused("HTTP 401")
        if fate == "lost":
            clock.pass_ms(CLIENT_TIMEOUT_MS)
            return OutcomeUnknown("timeout")
        if fate == "500_before":
            clock.pass_ms(rng.randrange(30, 400))
            return OutcomeUnknown("HTTP 500")
        if fate == "late":
            flight = Flight(order, clock.ms, clock.ms + rng.randrange(CLIENT_TIMEOUT_MS + 5_000, TOKEN_MS - 6_000))
            self.flights.append(flight)
            clock.at(flight.lands_ms, lambda: self._lands(flight))
            clock.pass_ms(CLIENT_TIMEOUT_MS)
            return OutcomeUnknown("timeout")
        clock.pass_ms(rng.randrange(20, 150))
        there = self.venue.accept(order)
        if fate == "overfilled" and isinstance(there, TrueOrder) and there.filled:
            self.venue.overfill(there)
            self.told.fault("an overfill")
        if fate == "response_lost":
            clock.pass_ms(CLIENT_TIMEOUT_MS)
            return OutcomeUnknown("timeout")
        clock.pass_ms(rng.randrange(20, 150))
        if fate and fate not in ("another_id", "overfilled"):
            return OutcomeUnknown({"502_after": "HTTP 502", "truncated": "the body ends early"}[fate])
        if isinstance(there, str):
            return Refused(there)
        if fate == "another_id" and there is not self.venue.orders[0]:
            self.told.fault("another's id")
            return Acknowledged(self.venue.orders[0].order_id)
        return Acknowledged(there.order_id)

    def _lied(self, order: WireOrder, fate: str) -> Acknowledged | Refused:
        """An answer that is not so: success and nothing happened (T7), a wrong id, a refusal of what was taken."""
        self.clock.pass_ms(self.rng.randrange(40, 300))
        there = "" if fate == "phantom" else self.venue.accept(order)
        if isinstance(there, str) and there:
            return Refused(there)
        refused = fate == "refused_but_taken"
        told = self.lies.setdefault(order.client_order_id, "" if refused else f"P{len(self.lies):05d}")
        return Refused("HTTP 401") if refused else Acknowledged(told)

    def _lands(self, flight: Flight) -> None:
        self.flights.remove(flight)
        self.told.fault("accepted_late" if isinstance(self.venue.accept(flight.wire), TrueOrder) else "refused_late")

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        self.told.point("cancel")
        self.told.cancelling(order_ids)
        fault = self.rng.choice(CANCEL_FAULTS) if self.rng.random() < self.profile.cancel else ""
        self.clock.pass_ms(self.rng.randrange(20, 150))
        answer: dict[str, str] = {}
        if fault not in ("lost", "401"):
            answer = {order_id: self.venue.cancel(order_id) for order_id in order_ids}
        if fault in ("lost", "response_lost"):
            self.clock.pass_ms(CLIENT_TIMEOUT_MS)
            answer = {}
        elif fault:
            answer.pop(order_ids[-1], None)
        if fault:
            self.told.fault(f"cancel_{fault}")
        if self.told.said:
            self.told.said(f"cancel {' '.join(order_ids)}: {fault} {answer}")
        self.told.point("cancelled")
        return answer

    # Questions

    def _ask(self, name: str) -> None:
        self.told.point(name)
        fault = ""
        if self.questions:
            fault = self.questions.pop(0)
        elif self.rng.random() < self.profile.ask:
            fault = self.rng.choice(ASK_FAULTS)
        self.clock.pass_ms(CLIENT_TIMEOUT_MS if fault == "timeout" else self.rng.randrange(20, 120))
        if self.told.said:
            self.told.said(f"{name}: {fault or 'ok'}")
        if name == "products":
            self.unlisted = bool(fault)
        if fault:
            self.told.fault(f"ask_{fault}")
            self.unread += name in READ_BY_A_LOOK
            self.unanswered += 1
            raise WireDown(f"{name}: {fault}")

    def preview(self, order: WireOrder) -> Preview:
        self._ask("preview")
        if self.rng.random() < self.profile.slow_preview:
            self.told.fault("slow_preview")
            self.clock.pass_ms(self.rng.randrange(*SLOW_MS))
        why = self.venue.would_refuse(order)
        return Preview((f"PREVIEW_{why}",) if why else ())

    def order(self, order_id: str) -> VenueOrder | None:
        self._ask("order")
        order = self.venue.by_id.get(order_id)
        if order is None:
            return None
        if order.seen_ms > self.clock.ms:
            self.told.fault("order_not_seen_yet")
            return None
        return shown(order)

    def orders(self, since: datetime, until: datetime) -> Sequence[VenueOrder]:
        self._ask("orders")
        now, first, last = self.clock.ms, ms_of(since), ms_of(until)
        found = []
        for order in self.venue.orders:
            if order.open or first <= order.created_ms < last:
                if order.seen_ms <= now:
                    found.append(shown(order))
                else:
                    self.told.fault("order_not_listed_yet")
        names = Counter(one.client_order_id for one in found)
        for name in (one for one, times in names.items() if times > 1):
            self.told.owing(f"orders of {name}", name)
        if found and self.rng.random() < self.profile.repeated_rows:
            found.append(self.rng.choice(found))
            self.told.fault("order_listed_twice")
        return found

    def fills(self, since: datetime) -> Sequence[VenueFill]:
        self._ask("fills")
        self.told_fills += 1
        now, first = self.clock.ms, ms_of(since)
        found = []
        for done in self.venue.executions:
            if done.ms >= first:
                if done.seen_ms <= now:
                    found.append(row(done))
                else:
                    self.told.fault("fill_not_listed_yet")
        self._odd(found)
        if found and self.rng.random() < self.profile.repeated_rows:
            found.insert(self.rng.randrange(len(found)), self.rng.choice(found))
            self.told.fault("fill_listed_twice")
        return found

    def _odd(self, found: list[VenueFill]) -> None:
        """What should never be in the list, after what it is about; whoever is told it owes a halt."""
        filled = Counter[str]()
        for one in found:
            filled[one.order_id] += one.size  # type: ignore[assignment]
        for order_id, size in filled.items():
            wire = self.venue.by_id[order_id].wire
            if size > wire.size:
                self.told.owing(f"filled size of {order_id}", wire.client_order_id)
        listed = {one.order_id for one in found}
        for odd in self.odd_rows:
            if odd.order_id in listed:
                found.append(odd)
                self.told.owing(f"fill {odd.entry_id}", "")

    def balances(self) -> Mapping[str, Balance]:
        self._ask("balances")
        self.read += 1
        self.told.weighing()
        venue = self.venue
        there = {"USD": venue.cash, **venue.base}
        return {
            currency: Balance(currency, total - (hold := venue.hold(currency)), hold)
            for currency, total in there.items()
        }

    def products(self, symbols: Sequence[str]) -> Mapping[str, ProductState]:
        self._ask("products")
        self.products_told = {symbol: self.venue.product(symbol) for symbol in symbols if symbol in self.venue.paths}
        return self.products_told

    def terms(self) -> Terms:
        self._ask("terms")
        return self.told_terms()

    def told_terms(self) -> Terms:
        """The account's terms, without a call."""
        return Terms(self.venue.maker_bps, self.venue.taker_bps, can_view=True, can_trade=True, can_transfer=False)

    def time(self) -> datetime:
        self._ask("time")
        return at(self.clock.ms)

    def may_arrive(self) -> list[WireOrder]:
        """What has left, has not arrived, and still may."""
        return [flight.wire for flight in self.flights]


def shown(order: TrueOrder) -> VenueOrder:
    """*order* as the venue tells it, now."""
    wire = order.wire
    return VenueOrder(
        order_id=order.order_id,
        client_order_id=wire.client_order_id,
        symbol=wire.symbol,
        side=wire.side,
        kind=wire.kind.value,
        status=order.status,
        created_at=at(order.created_ms),
        size=wire.size,
        limit_price=wire.limit_price,
        stop_price=wire.stop_price,
        post_only=wire.post_only,
        end_time=wire.end_time,
        filled_size=order.filled,
        filled_value_usd=order.value,
        fees_usd=order.fees,
    )


def row(done: Execution) -> VenueFill:
    """*done* as a row of the fills list."""
    wire = done.order.wire
    return VenueFill(
        entry_id=done.entry_id,
        trade_id=f"T{done.entry_id}",
        order_id=done.order.order_id,
        time=at(done.ms),
        symbol=wire.symbol,
        side=wire.side,
        size=done.size,
        price=done.price,
        fee_usd=done.fee,
        liquidity=done.liquidity,
    )
