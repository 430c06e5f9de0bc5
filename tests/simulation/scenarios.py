"""
Small worlds with a script: one thing happens in each, so that the process can die at every point of it.

Prices stand still (unless the story is about them) and nothing goes wrong but what the script says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from tests.simulation.core_process import CoreProcess
from tests.simulation.venue import VenueHabits
from tests.simulation.weather import Profile
from tests.simulation.wire import row
from tests.simulation.world import Fate, World
from trader.model.events import CycleBegan, Decided, ExternalSeen, IntentStored
from trader.model.trading import Side, TradeProposal
from trader.model.wire import FillKind

CYCLES = 5
BTC, ETH = "BTC-USD", "ETH-USD"
Happening = Callable[[World], None]


def buys(symbol: str = BTC, strategy: str = "alpha", pct: float = 2.0) -> TradeProposal:
    return TradeProposal(symbol, Side.BUY, pct, 2.0, 3.0, 0.9, "script", (), strategy)


def sells(symbol: str = BTC, strategy: str = "alpha", pct: float = 100.0) -> TradeProposal:
    return TradeProposal(symbol, Side.SELL, pct, 2.0, 3.0, 0.9, "script", (), strategy)


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    What the strategies want by cycle, the fates of creates in turn, and what happens at which second.

    *seed* draws the delays; the rest of the world is *profile*.
    """

    name: str
    wants: Mapping[int, tuple[TradeProposal, ...]]
    fates: tuple[str, ...] = ()
    profile: Profile = field(default_factory=lambda: Profile("scripted", mood="still"))
    happens: Mapping[float, Happening] = field(default_factory=dict)
    fate: Fate = field(default_factory=Fate)
    seed: int = 1

    def world(self, fate: Fate | None = None, making: Callable[..., CoreProcess] = CoreProcess) -> World:
        """This scenario's world, anew."""
        world = World(
            self.seed,
            CYCLES,
            self.profile,
            making,
            fate or self.fate,
            wishes=lambda number: self.wants.get(number, ()),
        )
        world.wire.script = list(self.fates)
        for second, action in self.happens.items():
            world.clock.after(round(second * 1000), lambda action=action: action(world))  # type: ignore[misc]
        return world


def _kill(world: World) -> None:
    world.people.press_kill()


def _flag(world: World) -> None:
    world.venue.flags[BTC].view_only = True


def _silence(world: World) -> None:
    """The next four questions go unanswered."""
    world.wire.questions = ["timeout"] * 4


def _manual(world: World) -> None:
    world.people.buy_in_the_app()


def _manual_that_fills(world: World) -> None:
    world.people.buy_in_the_app(fills=True)


def _manual_cancel(world: World) -> None:
    world.people.cancel_in_the_app()


def _deposit(world: World) -> None:
    world.people.deposit()


def _withdrawal(world: World) -> None:
    world.people.withdraw(Decimal(1_500))


def _large_withdrawal(world: World) -> None:
    """More than what works can have spent."""
    world.people.withdraw(Decimal(9_000))


def _fall(world: World) -> None:
    """The price falls by a twentieth, at once and for good."""
    path = world.venue.paths[BTC]
    path.moves_to(world.clock.ms, path.at(world.clock.ms) * 95 // 100)


def _rise(world: World) -> None:
    path = world.venue.paths[BTC]
    path.moves_to(world.clock.ms, path.at(world.clock.ms) * 105 // 100)


def _moves(mils: int) -> Happening:
    """The price is so many thousandths of what it was, for good."""

    def move(world: World) -> None:
        path = world.venue.paths[BTC]
        path.moves_to(world.clock.ms, path.at(world.clock.ms) * mils // 1_000)

    return move


def _reversal(world: World) -> None:
    """The fills list takes back what it has told; no money has moved for it yet."""
    _odd_row(world, entry_id="R00000", kind=FillKind.REVERSAL)


def _correction(world: World) -> None:
    _odd_row(world, entry_id="C00000", kind=FillKind.CORRECTION, price=Decimal(59_000))


def _other_fields(world: World) -> None:
    """The row of a fill is told once more, at another price."""
    _odd_row(world, price=Decimal(59_000))


def _odd_row(world: World, **otherwise: Any) -> None:
    ours = [one for one in world.venue.executions if one.order.by == "us"]
    if ours:
        world.wire.odd_rows.append(replace(row(ours[-1]), **otherwise))
        world.fault("an odd row")


def _double(world: World) -> None:
    """Of what rests there are two all at once, under one name."""
    for order in list(world.venue.working.values()):
        world.venue.double(order)
        world.fault("a second order of one id")


def _hold_stays(world: World) -> None:
    """The venue goes on holding nearly all the money, though no order of ours works; it is still ours."""
    world.venue.stuck["USD"] = world.venue.available("USD") - Decimal(100)


def _nobody_answers(world: World) -> None:
    world.wire.profile = replace(world.climate, ask=1.0)


def _all_answer_again(world: World) -> None:
    world.wire.profile = world.climate


def _dies(world: World) -> None:
    """The process is gone at its next step."""
    world.dies_at = world.points


STILL = Profile("scripted", mood="still")
MAKER = replace(STILL, entry_style="maker")
RESTING = replace(MAKER, maker_minutes=4)
STOPS = replace(STILL, stops_rest=True)
TIGHT = replace(STILL, caps="tight")
LAGGING = replace(STILL, habits=VenueHabits(order_lag_ms=30_000, fill_lag_ms=30_000, cancel_ms=3_000))
RACING = replace(MAKER, habits=VenueHabits(fill_lag_ms=20_000, cancel_ms=4_000, race=1.0))
THIN = replace(STILL, habits=VenueHabits(thin=1.0))
IN_AND_OUT = {0: (buys(),), 3: (sells(),)}

SCENARIOS = (
    Scenario("an entry and its exit", IN_AND_OUT),
    Scenario("an answer is lost", IN_AND_OUT, ("response_lost",)),
    Scenario("an order is lost", IN_AND_OUT, ("lost",)),
    Scenario("an order arrives late", IN_AND_OUT, ("late",)),
    Scenario("a late order on lagging lists", {0: (buys(),), 1: (buys(ETH),)}, ("late",), LAGGING),
    Scenario("a server error before", IN_AND_OUT, ("500_before",)),
    Scenario("a server error after", IN_AND_OUT, ("502_after",)),
    Scenario("an answer that ends early", IN_AND_OUT, ("truncated", "", "truncated")),
    Scenario("turned away once", IN_AND_OUT, ("429",)),
    Scenario("turned away twice", IN_AND_OUT, ("429", "refused_connection")),
    Scenario("a product closes", IN_AND_OUT, happens={0.45: _flag}),
    Scenario("an exit is lost", IN_AND_OUT, ("", "lost", "response_lost")),
    Scenario("lists that lag", IN_AND_OUT, profile=LAGGING),
    Scenario("a thin book", IN_AND_OUT, profile=THIN),
    Scenario("two strategies in one symbol",
             {0: (buys(),), 1: (buys(strategy="beta"),), 3: (sells(), sells(strategy="beta"))}),
    Scenario("a maker entry", {0: (buys(),)}, profile=MAKER),
    Scenario("a maker entry that races its end", {0: (buys(),)}, profile=RACING, happens={20: _manual_cancel}),
    Scenario("a maker entry under kill", {0: (buys(), buys(ETH))}, profile=MAKER, happens={20: _kill}),
    Scenario("a late maker entry under kill", {0: (buys(),)}, ("late",), MAKER, {3: _kill}),
    Scenario("a stop that rests", IN_AND_OUT, profile=STOPS),
    Scenario("a stop that rests under half an exit", {0: (buys(),), 2: (sells(pct=50.0),)}, profile=STOPS),
    Scenario("a stop that is hit", {0: (buys(),)}, profile=STOPS, happens={90: _fall}),
    Scenario("a local stop", {0: (buys(),)}, happens={90: _fall}),
    Scenario("an exit turned away twice above a stop", IN_AND_OUT, ("", "", "429", "429"), STOPS),
    Scenario("an exit refused", IN_AND_OUT, ("", "401")),
    Scenario("an exit refused and a second thought", {**IN_AND_OUT, 4: (buys(),)}, ("", "401")),
    Scenario("an exit refused and half of it asked for", {**IN_AND_OUT, 4: (sells(pct=50.0),)}, ("", "401")),
    Scenario("half an exit and the stop of the rest are lost", {0: (buys(),), 1: (sells(pct=50.0),), 2: (sells(),)},
             ("", "lost", "lost"), happens={100: _fall, 130: _rise}),
    Scenario("an exit while the venue cannot be read", IN_AND_OUT, happens={175: _silence}),
    Scenario("a stop whose answer is lost", IN_AND_OUT, ("", "response_lost"), STOPS),
    Scenario("kill while sending", {0: (buys(), buys(ETH))}, ("response_lost",), happens={2: _kill}),
    Scenario("a rise while nobody knows", {0: (buys(),), 1: (buys(ETH),)}, ("response_lost",),
             replace(TIGHT, habits=VenueHabits(fill_lag_ms=1, order_lag_ms=1)), {40: _rise}),
    Scenario("an answer that names another order", {0: (buys(), buys(ETH, "beta"), buys("DOGE-USD"))},
             ("", "another_id")),
    Scenario("an acknowledgement of nothing", {0: (buys(),)}, ("phantom",)),
    Scenario("a stop that was never there", IN_AND_OUT, ("", "phantom"), STOPS),
    Scenario("an acknowledgement under another name", {0: (buys(),)}, ("another_name",), MAKER),
    Scenario("kill above an order of another name", {0: (buys(),)}, ("another_name",), MAKER, {20: _kill}),
    Scenario("a stop that was refused and rests", {0: (buys(),)}, ("", "refused_but_taken"), STOPS),
    Scenario("an entry that was refused and fills", {0: (buys(),)}, ("refused_but_taken",), STOPS),
    Scenario("a stranger while more is bought above a stop", {0: (buys(),), 3: (buys(),)},
             profile=replace(STOPS, habits=VenueHabits(fill_lag_ms=30_000)), happens={186.2: _manual}),
    Scenario("a stranger while a stop does not end", {0: (buys(),), 2: (sells(),)},
             profile=replace(STOPS, habits=VenueHabits(cancel_ms=300_000)), happens={125: _manual}),
    Scenario("an exit above a stop while nobody answers", IN_AND_OUT, profile=STOPS, happens={185.9: _silence}),
    Scenario("a withdrawal while an entry rests", {0: (buys(),), 2: (buys(ETH),)}, profile=RESTING,
             happens={30: _large_withdrawal}),
    Scenario("a fill that is told after a later one",
             {0: (buys(),), 2: (buys(strategy="beta"),), 3: (buys(strategy="beta"),)}, ("response_lost",),
             replace(STILL, habits=VenueHabits(order_lag_ms=149_000)), seed=13),
    Scenario("a fill that is told late", {0: (buys(),), 1: (buys(ETH),)},
             profile=replace(STILL, habits=VenueHabits(fill_lag_ms=100_000))),
    Scenario("a second entry above a stop", {0: (buys(),), 3: (buys(),)}, profile=STOPS),
    Scenario("a purchase in the app", {0: (buys(),), 2: (buys(ETH),)}, happens={70: _manual}),
    Scenario("a purchase while nobody answers, and a death", {0: (buys(),), 4: (buys(ETH),)},
             happens={61: _nobody_answers, 70: _manual_that_fills, 150: _dies, 182: _all_answer_again}),
    Scenario("a death right after a purchase in the app is noted", {0: (buys(),), 2: (buys(ETH),)},
             happens={70: _manual}, fate=Fate(after=ExternalSeen)),
    Scenario("a rise and half a fall", {0: (replace(buys(pct=6.0), stop_loss_pct=15.0, take_profit_pct=40.0),)},
             profile=replace(STILL, caps="rich"), happens={70: _moves(1_200), 130: _moves(870)}),
    Scenario("a cycle begun twice", IN_AND_OUT, fate=Fate(after=CycleBegan, pause_ms=1_000)),
    Scenario("a cycle decided and taken over", IN_AND_OUT, fate=Fate(after=Decided, pause_ms=500)),
    Scenario("a death between decision and first byte", IN_AND_OUT, fate=Fate(after=IntentStored)),
    Scenario("a withdrawal before anybody has looked", {2: (buys(),), 4: (buys(ETH),)}, happens={40: _withdrawal},
             fate=Fate(3, (2,))),
    Scenario("a fill is reversed", {0: (buys(),), 2: (buys(ETH),)}, happens={70: _reversal}),
    Scenario("a fill is corrected", {0: (buys(),), 2: (buys(ETH),)}, happens={70: _correction}),
    Scenario("a fill is told again with other fields", {0: (buys(),), 2: (buys(ETH),)}, happens={70: _other_fields}),
    Scenario("two orders of one client id", {0: (buys(),), 2: (buys(ETH),)}, profile=RESTING, happens={30: _double}),
    Scenario("more is filled than was asked for", {0: (buys(),), 2: (buys(ETH),)}, ("overfilled",)),
    Scenario("a hold that is not released", {0: (buys(),), 2: (buys(ETH),)}, happens={70: _hold_stays}),
    Scenario("a deposit", {0: (buys(),), 4: (buys(ETH),)}, happens={70: _deposit}),
)  # fmt: skip
BY_NAME = MappingProxyType({one.name: one for one in SCENARIOS})
