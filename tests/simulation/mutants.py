"""
The trader with one thing wrong: each must break a promise in the world that is pinned to it.

A mutant is a patch and a killer — a seed, or a story of `scenarios` — and the invariants that may catch it.  Seeds
expire when what is drawn changes: `python -m tests.simulation.hunt` finds new ones.  What cannot be caught stands in
*EQUIVALENT*, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.simulation.core_mutants import CORE_FAULTS, CORE_KILLERS
from tests.simulation.core_process import CoreProcess
from tests.simulation.wire import SimulatedWire
from trader.execution import planner, wire_engine, wire_intake, wire_send, wiring
from trader.execution.engine import ExecutionEngine
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_absent import Absence
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_find import Finder
from trader.execution.wire_intake import Intake
from trader.execution.wire_record import WireRecord
from trader.execution.wire_send import Sender
from trader.execution.wire_tend import Tender
from trader.gateway.books import Books
from trader.model.book import Book
from trader.model.events import IntentStored, OrderChanged, OrderFilled, WireStored
from trader.model.money import ZERO
from trader.model.orders import OrderStatus
from trader.model.trading import Side
from trader.model.wire import FillKind
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused
from trader.risk.rules.position_cap import PositionCap
from trader.risk.rules.theme_cap import ThemeCap
from trader.risk.rules.total_cap import TotalCap
from trader.state import ledger as ledger_module
from trader.state.late import LateBuys
from trader.state.ledger import Ledger

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]
BUY, SELL = Side.BUY, Side.SELL


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing wrong; *killer* is a seed or a story's name."""

    name: str
    plant: Fault
    killer: int | str = -1


FAULTS: dict[str, Fault] = dict(CORE_FAULTS)


def fault(plant: Fault) -> Fault:
    FAULTS[plant.__name__] = plant
    return plant


def _place_with(patch: Patch, unknown: Callable[[Sender, Any, Any, Any], None]) -> None:
    """The sender as it is, but for what it does where the outcome is unknown."""

    def place(self: Sender, life: Any, wire: Any) -> bool:
        record, now = self._record, self._record.clock.now()
        record.record(WireStored(now, wire), OrderChanged(now, wire.client_order_id, OrderStatus.SENT))
        forbidden = self._last_look(life.intent)
        if forbidden is not None:
            record.move(life, OrderStatus.NOT_SENT, forbidden)
            return True
        answer = self._wire.place(wire)
        if isinstance(answer, NotAccepted):
            record.move(life, OrderStatus.STORED, answer.reason)
            return False
        if isinstance(answer, Acknowledged):
            self._acknowledged(life, answer.order_id)
        elif isinstance(answer, Refused):
            record.move(life, OrderStatus.REJECTED, answer.reason)
        else:
            unknown(self, life, wire, answer)
        return True

    patch.setattr(Sender, "_place", place)


# The identity of an order, and not knowing


@fault
def retry_with_a_new_id(patch: Patch) -> None:
    def unknown(self: Sender, life: Any, wire: Any, answer: Any) -> None:
        self._record.move(life, OrderStatus.UNKNOWN, answer.reason)
        self._wire.place(replace(wire, client_order_id=f"{wire.client_order_id}-2"))

    _place_with(patch, unknown)


@fault
def retry_with_a_new_id_and_store_it(patch: Patch) -> None:
    def unknown(self: Sender, life: Any, wire: Any, answer: Any) -> None:
        self._record.move(life, OrderStatus.UNKNOWN, answer.reason)
        if not life.intent.client_order_id.endswith("-2"):
            again = replace(life.intent, client_order_id=f"{wire.client_order_id}-2", replaces=wire.client_order_id)
            self._record.store(again)
            self.send(again)

    _place_with(patch, unknown)


@fault
def post_again_when_unknown(patch: Patch) -> None:
    def unknown(self: Sender, life: Any, wire: Any, answer: Any) -> None:
        self._record.move(life, OrderStatus.UNKNOWN, answer.reason)
        self._wire.place(wire)

    _place_with(patch, unknown)


@fault
def unknown_is_failed(patch: Patch) -> None:
    _place_with(patch, lambda self, life, wire, answer: self._record.move(life, OrderStatus.REJECTED, answer.reason))


@fault
def server_error_is_failed(patch: Patch) -> None:
    def unknown(self: Sender, life: Any, wire: Any, answer: OutcomeUnknown) -> None:
        failed = answer.reason.startswith("HTTP")
        self._record.move(life, OrderStatus.REJECTED if failed else OrderStatus.UNKNOWN, answer.reason)

    _place_with(patch, unknown)


@fault
def unknown_is_sent_again_later(patch: Patch) -> None:
    def unknown(self: Sender, life: Any, wire: Any, answer: Any) -> None:
        self._record.move(life, OrderStatus.UNKNOWN, answer.reason)
        self._record.clock.sleep(6)
        self._wire.place(wire)

    _place_with(patch, unknown)


@fault
def refused_is_sent_again(patch: Patch) -> None:
    whole = Sender._place

    def place(self: Sender, life: Any, wire: Any) -> bool:
        done = whole(self, life, wire)
        if life.status is OrderStatus.REJECTED:
            self._wire.place(wire)
        return done

    patch.setattr(Sender, "_place", place)


@fault
def sent_is_recorded_after_the_bytes(patch: Patch) -> None:
    def place(self: Sender, life: Any, wire: Any) -> bool:
        answer = self._wire.place(wire)
        now = self._record.clock.now()
        self._record.record(WireStored(now, wire), OrderChanged(now, wire.client_order_id, OrderStatus.SENT))
        if isinstance(answer, Acknowledged):
            self._acknowledged(life, answer.order_id)
        else:
            self._record.move(life, OrderStatus.UNKNOWN, "?")
        return True

    patch.setattr(Sender, "_place", place)


@fault
def another_body_than_stored(patch: Patch) -> None:
    whole = WireRecord.record

    def record(self: WireRecord, *events: Any) -> None:
        whole(self, *(_smaller(event) if isinstance(event, WireStored) else event for event in events))

    patch.setattr(WireRecord, "record", record)


def _smaller(event: WireStored) -> WireStored:
    return replace(event, wire=replace(event.wire, size=event.wire.size / 2))


@fault
def ids_by_the_minute(patch: Patch) -> None:
    def client_order_id(proposal: Any, bot_id: str) -> str:
        return f"{bot_id}-{int(proposal.as_of.timestamp()) // 60}"

    patch.setattr(planner, "client_order_id", client_order_id)


@fault
def absent_after_five_seconds(patch: Patch) -> None:
    _absent_after(patch, 5, 0)


@fault
def absent_before_lists_have_settled(patch: Patch) -> None:
    _absent_after(patch, 120, 0)


@fault
def absent_after_a_minute(patch: Patch) -> None:
    _absent_after(patch, 30, 30)


def _absent_after(patch: Patch, token_seconds: int, settle_seconds: int) -> None:
    def policy(self: CoreProcess) -> Any:
        times = {"token_life": timedelta(seconds=token_seconds), "settle": timedelta(seconds=settle_seconds)}
        return replace(whole(self), **times)

    whole = CoreProcess.policy
    patch.setattr(CoreProcess, "policy", policy)


@fault
def not_found_once_is_absent(patch: Patch) -> None:
    def judge(self: Absence, now: Any, there: Any) -> None:
        seen = {order.client_order_id for order in there}
        for client_id, life in list(self._record.lives.live.items()):
            if life.status is OrderStatus.UNKNOWN and client_id not in seen:
                self._record.move(life, OrderStatus.REJECTED, "not found")

    patch.setattr(Absence, "judge", judge)


@fault
def unknown_is_never_given_up(patch: Patch) -> None:
    patch.setattr(Absence, "_proven", lambda self, life, now: None)


@fault
def an_acknowledgement_of_nothing_stays_open(patch: Patch) -> None:
    patch.setattr(Absence, "_vanished", lambda self, life, now: None)


@fault
def the_id_of_an_acknowledgement_is_believed(patch: Patch) -> None:
    patch.setattr(Finder, "_renamed", lambda self, life, order_id: None)


@fault
def what_is_over_here_may_work_there(patch: Patch) -> None:
    patch.setattr(Intake, "_over_here", lambda self, life, order: None)


@fault
def what_is_over_here_and_works_there_is_only_told(patch: Patch) -> None:
    def over_here(self: Intake, life: Any, order: Any) -> None:
        before = self.astray
        whole(self, life, order)
        self.astray = before

    whole = Intake._over_here
    patch.setattr(Intake, "_over_here", over_here)


@fault
def the_last_look_ends_before_the_first_byte(patch: Patch) -> None:
    def place(self: SimulatedWire, order: Any, forbids: Any = None) -> Any:
        return whole(self, order)

    whole = SimulatedWire.place
    patch.setattr(SimulatedWire, "place", place)


@fault
def working_orders_explain_any_difference(patch: Patch) -> None:
    def compare(self: WireExecution) -> None:
        if all(life.status is OrderStatus.OPEN and life.intent.protects for life in self.lives.live.values()):
            whole(self)
        else:
            self.differences()
            self._doubts = wire_engine.Doubts()
            self._doubts.says = ""

    whole = WireExecution._compare_balances
    patch.setattr(WireExecution, "_compare_balances", compare)


@fault
def working_orders_explain_nothing(patch: Patch) -> None:
    patch.setattr(wire_engine, "unexplained", lambda found, lives, taker_bps: list(found))


@fault
def an_exit_does_not_wait_for_a_stop_that_ends_slowly(patch: Patch) -> None:
    patch.setattr(Sender, "_may_wait", lambda self, intent: False)


@fault
def unknown_is_never_found(patch: Patch) -> None:
    patch.setattr(Finder, "find", lambda self, there: set())


@fault
def what_was_sent_is_unsent_after_a_restart(patch: Patch) -> None:
    def take_up(self: WireExecution) -> None:
        for life in list(self.lives.live.values()):
            if life.status in (OrderStatus.STORED, OrderStatus.SENT):
                self.record_book.move(life, OrderStatus.NOT_SENT, "stopped")

    patch.setattr(WireExecution, "take_up", take_up)


@fault
def what_was_sent_is_sent_again_after_a_restart(patch: Patch) -> None:
    def take_up(self: WireExecution) -> None:
        for life in list(self.lives.live.values()):
            if life.status is OrderStatus.SENT:
                self.record_book.move(life, OrderStatus.UNKNOWN, "stopped")
                self._wire.place(life.wire)  # type: ignore[arg-type]
            elif life.status is OrderStatus.STORED:
                self.record_book.move(life, OrderStatus.NOT_SENT, "stopped")

    patch.setattr(WireExecution, "take_up", take_up)


@fault
def what_was_stored_is_sent_after_a_restart(patch: Patch) -> None:
    whole = WireExecution.take_up

    def take_up(self: WireExecution) -> None:
        stored = [life for life in self.lives.live.values() if life.status is OrderStatus.STORED]
        self.sync()
        for life in stored:
            self.sender.send(life.intent)
        whole(self)

    patch.setattr(WireExecution, "take_up", take_up)


# Ends and fills


@fault
def asked_to_end_is_ended(patch: Patch) -> None:
    whole = Sender.cancel_unwanted

    def cancel_unwanted(self: Sender) -> None:
        whole(self)
        for one in sorted(self.unwanted):
            life = self._record.lives.live.get(one)
            if life is not None and life.status is OrderStatus.OPEN:
                self._record.move(life, OrderStatus.CANCELLED, "we asked")

    patch.setattr(Sender, "cancel_unwanted", cancel_unwanted)


@fault
def ended_before_its_fills_are_in(patch: Patch) -> None:
    def end(self: Intake, there: Any) -> None:
        for life in list(self._record.lives.live.values()):
            order = there.get(life.order_id)
            if order is not None and life.status is OrderStatus.OPEN and order.status.final:
                self._record.move(life, wire_intake.ENDS[order.status], order.reason, order.order_id)

    patch.setattr(Intake, "_end", end)


@fault
def every_row_is_a_fill(patch: Patch) -> None:
    def take(self: Intake, rows: Any, there: Any) -> None:
        lives = self._record.lives
        known = [(lives.of_order(row.order_id), row) for row in rows if lives.of_order(row.order_id)]
        events = [OrderFilled(wire_intake.fill_of(life.intent, row)) for life, row in known if life]
        if events:
            self._record.record(*events)

    patch.setattr(Intake, "_take_fills", take)


@fault
def fills_are_told_apart_by_size_and_price(patch: Patch) -> None:
    whole = Intake._take_fills

    def take(self: Intake, rows: Any, there: Any) -> None:
        known = {(one.size, one.price, one.symbol) for one in self._record.lives.fills.values()}
        whole(self, [row for row in rows if (row.size, row.price, row.symbol) not in known], there)

    patch.setattr(Intake, "_take_fills", take)


@fault
def late_fills_are_dropped(patch: Patch) -> None:
    whole = Intake._take_fills

    def take(self: Intake, rows: Any, there: Any) -> None:
        since = self._record.clock.now() - timedelta(seconds=15)
        whole(self, [row for row in rows if row.time >= since], there)

    patch.setattr(Intake, "_take_fills", take)


@fault
def fees_are_estimated(patch: Patch) -> None:
    whole = wire_intake.fill_of
    patch.setattr(
        wire_intake,
        "fill_of",
        lambda intent, row: replace(whole(intent, row), fee_usd=row.size * row.price * Decimal("0.006")),
    )


# What may be at risk


def _book_with(patch: Patch, change: Callable[[Ledger], None]) -> None:
    whole = Ledger.book

    def book(self: Ledger, *args: Any, **named: Any) -> Book:
        working = dict(self.working)
        change(self)
        found = whole(self, *args, **named)
        self.working = working
        return found

    patch.setattr(Ledger, "book", book)


def _without(*statuses: OrderStatus) -> Callable[[Ledger], None]:
    def change(self: Ledger) -> None:
        self.working = {key: order for key, order in self.working.items() if order.status not in statuses}

    return change


@fault
def unknown_orders_risk_nothing(patch: Patch) -> None:
    _book_with(patch, _without(OrderStatus.UNKNOWN))


@fault
def open_orders_risk_nothing(patch: Patch) -> None:
    _book_with(patch, _without(OrderStatus.OPEN))


@fault
def working_orders_stay_at_their_limit(patch: Patch) -> None:
    patch.setattr(ledger_module, "at_risk_usd", lambda intent, worst, mark: worst)


@fault
def sells_free_what_they_may_bring(patch: Patch) -> None:
    whole = Ledger.book

    def book(self: Ledger, *args: Any, **named: Any) -> Book:
        found = whole(self, *args, **named)
        exposure = dict(found.exposure)
        for key, size in found.claimed.items():
            if key in exposure:
                exposure[key] = max(ZERO, exposure[key] - size * found.marks[key[1]])
        return replace(found, exposure=exposure)

    patch.setattr(Ledger, "book", book)


@fault
def entries_of_one_instant_do_not_add_up(patch: Patch) -> None:
    patch.setattr(Book, "after", lambda self, proposal, approved: self)


@fault
def partly_filled_counts_what_filled(patch: Patch) -> None:
    def change(self: Ledger) -> None:
        self.working = {
            key: replace(order, filled_size=order.intent.size - order.filled_size) if order.filled_size else order
            for key, order in self.working.items()
        }

    _book_with(patch, change)


@fault
def no_position_cap(patch: Patch) -> None:
    patch.setattr(PositionCap, "check", lambda self, proposal, book: None)


@fault
def no_theme_cap(patch: Patch) -> None:
    patch.setattr(ThemeCap, "check", lambda self, proposal, book: None)


@fault
def no_total_cap(patch: Patch) -> None:
    patch.setattr(TotalCap, "check", lambda self, proposal, book: None)


@fault
def the_fee_is_forgotten(patch: Patch) -> None:
    patch.setattr(wiring, "bound", lambda intent, policy: intent.worst_case_usd / intent.size)


@fault
def prices_are_rounded_up(patch: Patch) -> None:
    whole = wiring.floor_to
    patch.setattr(
        wiring,
        "floor_to",
        lambda value, step: whole(value, step) if step < Decimal("1e-6") else wiring.ceil_to(value, step),
    )


@fault
def sizes_are_rounded_half_up(patch: Patch) -> None:
    def nearest(value: Decimal, step: Decimal) -> Decimal:
        return (value / step).to_integral_value(ROUND_HALF_UP) * step

    patch.setattr(planner, "floor_to", nearest)


@fault
def sizes_are_not_rounded(patch: Patch) -> None:
    patch.setattr(wiring, "floor_to", lambda value, step: value)


@fault
def increments_are_those_of_the_start(patch: Patch) -> None:
    whole = WireExecution._synced

    def synced(self: WireExecution) -> None:
        before = self.sender.products
        whole(self)
        if before:
            self.sender.products = before

    patch.setattr(WireExecution, "_synced", synced)


@fault
def what_goes_on_is_as_large_as_what_ended(patch: Patch) -> None:
    whole = Tender.follow_up

    def follow_up(self: Tender, life: Any) -> Any:
        child = whole(self, life)
        return child and replace(child, size=life.intent.size, worst_case_usd=life.intent.worst_case_usd)

    patch.setattr(Tender, "follow_up", follow_up)


@fault
def what_goes_on_has_the_whole_budget(patch: Patch) -> None:
    whole = Tender.follow_up

    def follow_up(self: Tender, life: Any) -> Any:
        child = whole(self, life)
        return child and replace(child, worst_case_usd=life.intent.worst_case_usd)

    patch.setattr(Tender, "follow_up", follow_up)


@fault
def what_goes_on_does_not_wait_for_the_end(patch: Patch) -> None:
    whole = Tender.end_overdue

    def end_overdue(self: Tender, sender: Sender) -> None:
        for life in list(self._record.lives.live.values()):
            due = life.intent.as_of + self._policy.maker_ttl <= self._record.clock.now() + timedelta(seconds=30)
            if life.intent.order_type.value == "limit_maker" and life.status is OrderStatus.OPEN and due:
                child = self.follow_up(life)
                if child is not None and child.client_order_id not in self._record.lives.lives:
                    self._record.store(child)
                    sender.send(child)
        whole(self, sender)

    patch.setattr(Tender, "end_overdue", end_overdue)


@fault
def exits_do_not_wait_for_their_stop(patch: Patch) -> None:
    patch.setattr(Sender, "_step_aside", lambda self, intent: "")


@fault
def a_stop_asked_to_end_is_out_of_the_way(patch: Patch) -> None:
    def step_aside(self: Sender, intent: Any) -> str:
        key = wire_send.key_of(intent)
        stops = [one for one in self._record.lives.live.values() if one.intent.protects]
        self.cancel([one.intent.client_order_id for one in stops if wire_send.key_of(one.intent) == key])
        return ""

    patch.setattr(Sender, "_step_aside", step_aside)


@fault
def a_halt_takes_stops_away(patch: Patch) -> None:
    def still_right(self: Tender, life: Any, position: Any, sender: Sender) -> bool:
        return position is not None and life.left == position.size

    patch.setattr(Tender, "_still_right", still_right)
    patch.setattr(Sender, "_must_stay", lambda self, life: False)


@fault
def a_halt_goes_on_asking_for_the_end_of_a_stop(patch: Patch) -> None:
    patch.setattr(Sender, "_must_stay", lambda self, life: False)


@fault
def a_stop_steps_aside_for_what_may_not_leave(patch: Patch) -> None:
    patch.setattr(Sender, "_why_kept", lambda self, intent: "")


@fault
def what_is_bought_late_has_no_stop(patch: Patch) -> None:
    patch.setattr(LateBuys, "of", lambda self, fill: None)


@fault
def what_goes_on_forgets_the_cooldown(patch: Patch) -> None:
    patch.setattr(Tender, "_others_filled_since", lambda self, intent: False)


@fault
def stops_keep_their_size(patch: Patch) -> None:
    patch.setattr(Tender, "_still_right", lambda self, life, position, sender: True)


@fault
def every_look_places_a_stop(patch: Patch) -> None:
    whole = Tender.protect

    def protect(self: Tender, sender: Sender) -> None:
        live = self._record.lives.live
        hidden = {key: life for key, life in live.items() if life.intent.protects}
        for key in hidden:
            del live[key]
        whole(self, sender)
        live.update(hidden)

    patch.setattr(Tender, "protect", protect)


@fault
def what_was_bought_has_its_stop_a_cycle_later(patch: Patch) -> None:
    patch.setattr(WireExecution, "_take_in_and_protect", WireExecution._take_in)


@fault
def an_exit_that_does_not_leave_leaves_no_stop(patch: Patch) -> None:
    def carry_out(self: WireExecution, *args: Any) -> None:
        ExecutionEngine.carry_out(self, *args)
        if any(life.at_venue for life in self.lives.live.values()):
            self._reading(self._take_in_and_protect)

    patch.setattr(WireExecution, "carry_out", carry_out)


@fault
def exits_claim_nothing(patch: Patch) -> None:
    patch.setattr(
        Book,
        "sellable",
        lambda self, strategy, symbol: held.size if (held := self.positions.get((strategy, symbol))) else ZERO,
    )


# Kill, halt and the last look


def _look_without(patch: Patch, *words: str) -> None:
    whole = Books._last_look

    def last_look(self: Books, intent: Any) -> str | None:
        found = whole(self, intent)
        return None if found is not None and found.startswith(words) else found

    patch.setattr(Books, "_last_look", last_look)


@fault
def kill_is_read_at_the_start_of_a_cycle(patch: Patch) -> None:
    _look_without(patch, "killed:")


@fault
def no_last_look(patch: Patch) -> None:
    patch.setattr(Books, "_last_look", lambda self, intent: None)


@fault
def old_quotes_will_do(patch: Patch) -> None:
    _look_without(patch, "stale_quote", "stale_bar")


@fault
def an_acknowledgement_is_believed(patch: Patch) -> None:
    def acknowledged(self: Sender, life: Any, order_id: str) -> None:
        self._record.move(life, OrderStatus.OPEN, order_id=order_id)

    patch.setattr(Sender, "_acknowledged", acknowledged)


@fault
def a_halt_lets_what_was_decided_go(patch: Patch) -> None:
    _look_without(patch, "trading is halted")


@fault
def the_last_look_comes_before_the_preview(patch: Patch) -> None:
    whole = Sender.send

    def send(self: Sender, intent: Any) -> None:
        look, said = self._last_look, self._last_look(intent)
        self._last_look = lambda one: said
        whole(self, intent)
        self._last_look = look

    patch.setattr(Sender, "send", send)


@fault
def nobody_looks_after_the_commit(patch: Patch) -> None:
    whole = Sender._place

    def place(self: Sender, life: Any, wire: Any) -> bool:
        look = self._last_look
        self._last_look = lambda intent: None
        done = whole(self, life, wire)
        self._last_look = look
        return done

    patch.setattr(Sender, "_place", place)


# Strangers, balances, books


@fault
def strangers_are_ignored(patch: Patch) -> None:
    patch.setattr(Intake, "_meet", lambda self, there: None)


@fault
def a_stranger_halts_in_a_commit_of_its_own(patch: Patch) -> None:
    whole = WireRecord.differ

    def differ(self: WireRecord, what: str, ours: object, theirs: object, *with_events: Any) -> None:
        if with_events:
            self.record(*with_events)
        whole(self, what, ours, theirs)

    patch.setattr(WireRecord, "differ", differ)


@fault
def balances_are_not_compared(patch: Patch) -> None:
    patch.setattr(WireExecution, "_compare_balances", lambda self: None)


@fault
def a_fill_on_its_way_halts(patch: Patch) -> None:
    whole = WireExecution.__init__

    def init(self: WireExecution, *args: Any, **named: Any) -> None:
        whole(self, *args, **named)
        self._policy = replace(self._policy, settle=timedelta(0))

    patch.setattr(WireExecution, "__init__", init)


@fault
def a_deposit_is_profit(patch: Patch) -> None:
    patch.setattr(Ledger, "_cash_moved", lambda self, event: None)


@fault
def the_record_forgets_what_goes_on(patch: Patch) -> None:
    whole = Lifecycle.apply_all

    def apply_all(self: Lifecycle, events: Any) -> None:
        kept = list(events)
        whole(self, kept)
        for event in kept:
            if isinstance(event, IntentStored) and event.intent.replaces:
                self.live.pop(event.intent.client_order_id, None)

    patch.setattr(Lifecycle, "apply_all", apply_all)


# What can never be right


@fault
def a_reversal_is_not_told(patch: Patch) -> None:
    _disputes(patch, lambda row: row.kind is FillKind.FILL)


@fault
def other_fields_of_a_fill_are_not_told(patch: Patch) -> None:
    _disputes(patch, lambda row: row.kind is not FillKind.FILL)


@fault
def a_second_order_of_one_id_is_not_told(patch: Patch) -> None:
    _says_nothing_of(patch, "orders of ")


@fault
def an_overfill_is_not_told(patch: Patch) -> None:
    _says_nothing_of(patch, "filled size of ")


def _disputes(patch: Patch, these: Callable[[Any], bool]) -> None:
    """Only *these* rows are told."""
    whole = Intake._dispute
    patch.setattr(Intake, "_dispute", lambda self, row, *said: whole(self, row, *said) if these(row) else None)


def _says_nothing_of(patch: Patch, first: str) -> None:
    """Nothing is told of what begins so."""
    whole = WireRecord.differ

    def differ(self: WireRecord, what: str, *said: Any) -> None:
        if not what.startswith(first):
            whole(self, what, *said)

    patch.setattr(WireRecord, "differ", differ)


KILLERS: dict[str, int | str] = {
    "a_reversal_is_not_told": "a fill is reversed",  # I-14
    "other_fields_of_a_fill_are_not_told": "a fill is told again with other fields",  # I-14
    "a_second_order_of_one_id_is_not_told": "two orders of one client id",  # I-14
    "an_overfill_is_not_told": "more is filled than was asked for",  # I-14
    "retry_with_a_new_id": "an answer is lost",  # I-5
    "retry_with_a_new_id_and_store_it": "an answer is lost",  # I-3
    "post_again_when_unknown": "an answer is lost",  # I-5
    "unknown_is_failed": "an answer is lost",  # I-6
    "server_error_is_failed": "a server error after",  # I-6
    "unknown_is_sent_again_later": "an answer is lost",  # I-5
    "refused_is_sent_again": "a product closes",  # I-5
    "sent_is_recorded_after_the_bytes": "an entry and its exit",  # I-5
    "another_body_than_stored": "an entry and its exit",  # I-5
    "ids_by_the_minute": "a maker entry under kill",  # I-3
    "absent_after_five_seconds": "an order is lost",  # I-6
    "absent_before_lists_have_settled": "a server error before",  # I-6
    "absent_after_a_minute": "an order is lost",  # I-6
    "not_found_once_is_absent": "an order is lost",  # I-6
    "unknown_is_never_given_up": "an order is lost",  # L-1
    "an_acknowledgement_of_nothing_stays_open": "an acknowledgement of nothing",  # L-1
    "the_id_of_an_acknowledgement_is_believed": "kill above an order of another name",  # I-1
    "what_is_over_here_may_work_there": "a stop that was refused and rests",  # I-8
    "what_is_over_here_and_works_there_is_only_told": "a stop that was refused and rests",  # I-4
    "the_last_look_ends_before_the_first_byte": 30,  # I-10
    "working_orders_explain_any_difference": "a withdrawal while an entry rests",  # I-14
    "working_orders_explain_nothing": 6,  # L-1
    "an_exit_does_not_wait_for_a_stop_that_ends_slowly": 47,  # L-1
    "unknown_is_never_found": "a stop whose answer is lost",  # L-1
    "what_was_sent_is_unsent_after_a_restart": 21,  # I-6
    "what_was_sent_is_sent_again_after_a_restart": 5,  # I-5
    "what_was_stored_is_sent_after_a_restart": "a death between decision and first byte",  # I-10
    "asked_to_end_is_ended": "a maker entry under kill",  # I-7
    "ended_before_its_fills_are_in": 0,  # I-7
    "every_row_is_a_fill": "an entry and its exit",  # I-15
    "fills_are_told_apart_by_size_and_price": 2,  # L-1
    "late_fills_are_dropped": "a late order on lagging lists",  # L-1
    "fees_are_estimated": "a maker entry that races its end",  # I-15
    "unknown_orders_risk_nothing": 3,  # I-2
    "open_orders_risk_nothing": 6,  # I-2
    "working_orders_stay_at_their_limit": 6,  # I-2
    "sells_free_what_they_may_bring": 3,  # I-2
    "entries_of_one_instant_do_not_add_up": 4,  # I-2
    "partly_filled_counts_what_filled": 246,  # I-2
    "no_position_cap": 1,  # I-2
    "no_theme_cap": 6,  # I-2
    "no_total_cap": 4,  # I-2
    "the_fee_is_forgotten": "an entry and its exit",  # I-2
    "prices_are_rounded_up": "an entry and its exit",  # I-2
    "sizes_are_rounded_half_up": 1,  # I-2
    "sizes_are_not_rounded": "an entry and its exit",  # I-9
    "increments_are_those_of_the_start": 13,  # I-9
    "what_goes_on_is_as_large_as_what_ended": "a maker entry that races its end",  # I-2
    "what_goes_on_has_the_whole_budget": "a maker entry that races its end",  # I-2
    "what_goes_on_does_not_wait_for_the_end": "a maker entry",  # I-3
    "exits_do_not_wait_for_their_stop": "a stop that rests",  # I-8
    "a_stop_asked_to_end_is_out_of_the_way": "a stop that rests",  # I-8
    "a_halt_takes_stops_away": "a stranger while more is bought above a stop",  # T21
    "a_halt_goes_on_asking_for_the_end_of_a_stop": "a stranger while a stop does not end",  # T21
    "a_stop_steps_aside_for_what_may_not_leave": "a stop that rests",  # T21
    "what_is_bought_late_has_no_stop": "an entry that was refused and fills",  # T21
    "what_goes_on_forgets_the_cooldown": 2,  # I-11
    "stops_keep_their_size": "a second entry above a stop",  # T21
    "every_look_places_a_stop": "a stop that rests",  # I-8
    "what_was_bought_has_its_stop_a_cycle_later": "a stop that rests",  # T21
    "an_exit_that_does_not_leave_leaves_no_stop": "an exit turned away twice above a stop",  # T21
    "exits_claim_nothing": 3,  # I-16
    "kill_is_read_at_the_start_of_a_cycle": "kill while sending",  # I-1
    "no_last_look": "kill while sending",  # I-1
    "old_quotes_will_do": 14,  # I-10
    "an_acknowledgement_is_believed": "an answer that names another order",  # I-4
    "a_halt_lets_what_was_decided_go": "an answer that names another order",  # I-1
    "the_last_look_comes_before_the_preview": 14,  # I-10
    "nobody_looks_after_the_commit": 25,  # I-1
    "strangers_are_ignored": "a purchase in the app",  # I-4
    "a_stranger_halts_in_a_commit_of_its_own": "a death right after a purchase in the app is noted",  # I-14
    "balances_are_not_compared": "a deposit",  # I-10
    "a_fill_on_its_way_halts": 15,  # I-14
    "a_deposit_is_profit": "a deposit",  # I-20
    "the_record_forgets_what_goes_on": "a maker entry",  # L-1
}

KILLERS |= CORE_KILLERS

EQUIVALENT = {
    "one_scan_proves_absence": "a scan is exhaustive and the proof waits until nothing can be late: the second scan is "
    "there for a list that lies, which the port forbids (a page that fails is WireDown).",
    "maker_orders_are_not_cancelled": "they leave as GTD and end at the venue by themselves; the cancel is for a venue "
    "that ignores end_time, which RELIABILITY §6 e) has still to probe.",
    "absence_is_forgotten_at_a_restart": "the count of scans starts anew: it takes longer, and is never shorter.",
    "entries_before_exits": "the order of sends within one decision changes what money is free, not what is permitted.",
}
