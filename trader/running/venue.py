"""
An account at a venue, taken up: every condition that is not met refuses in a sentence, and nothing has been sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trader import __version__
from trader.config import Config
from trader.errors import ExchangeUnreachable, TraderError
from trader.execution.wiring import WirePolicy
from trader.gateway.books import never
from trader.model.money import ZERO, floor_to
from trader.model.trading import Side
from trader.model.wire import ProductState, Terms, WireKind, WireOrder
from trader.ops.arming import REHEARSAL, Armoury, Bound, utc_now
from trader.ports import Canceller, Clock, Wire, WireDown
from trader.running.clock import ANSWERS, SystemClock, VenueClock
from trader.running.dealt import for_account, universe_of
from trader.running.places import Places

if TYPE_CHECKING:
    from trader.exchange.coinbase import CoinbaseWire
    from trader.exchange.coinbase_key import ApiKey
    from trader.exchange.coinbase_settings import CoinbaseSettings

FUNDS = ("FUND", "BALANCE", "TOO_SMALL")
"""Part of what a preview objects to where the product takes the order and the account merely could not pay it."""
PROBE_STOP = Decimal("0.5")
"""USD: where the probing of a stop begins; ten times lower or higher as the venue's answers want it."""
PROBES_MAX = 8
TOO_HIGH, TOO_LOW = "ABOVE_LAST_TRADE", "TOO_FAR"
FEES_SECONDS = 50.0
"""Of our time, at speed 1: in every cycle of a minute or more, and not with every look within one."""


class CannotGoLive(TraderError):
    """The venue or the account is not as the configuration assumes."""


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """
    An account that may be traded in *symbols* *armed_until* then; *rests* are those whose stops rest at the venue,
    *open_canceller* makes another session there, which can only list and cancel.
    """

    wire: CoinbaseWire
    clock: VenueClock
    symbols: tuple[str, ...]
    cash_usd: Decimal
    terms: Terms
    rests: frozenset[str]
    warnings: tuple[str, ...]
    open_canceller: Callable[[], Canceller]
    armed_until: datetime


def venue_account(
    config: Config, places: Places, named: tuple[str, ...] | None, speed: float, killed: Callable[[], str]
) -> VenueAccount:
    """
    The account that *config* names, once it is armed, reachable, permitted and as dear as assumed; while *killed* says
    why, no order leaves for it.

    *named* are the symbols to deal in, each of which must be there; None: what the universe lists and the venue has.
    Raises a TraderError: NotArmed (exit 1), BadKey, NotToBeHad or CannotGoLive (2), ExchangeUnreachable (5).
    """
    settings = settings_of(config)
    universe = universe_of(config)
    armed = Armoury(places.run_dir, places.tag).check(bound_of(config), utc_now())
    key = key_of(settings)
    wire = connected(settings, key, killed=killed)
    try:
        clock = venue_clock(wire.time, speed)
        terms = wire.terms()
        products = wire.products(named or universe)
        cash = wire.balances().get("USD")
    except WireDown as down:
        if down.exit_code != ExchangeUnreachable.exit_code:  # it answers, and it is the key it does not take
            raise
        raise ExchangeUnreachable(str(down)) from down
    if wire.clock_off:  # tokens bear this host's time: by a clock that goes on so they are refused one day
        raise CannotGoLive(f"{wire.host}: {wire.clock_off}")
    admit(terms, config, wire.host)
    dealt = for_account(named, universe, products, wire.host)
    symbols = dealt.symbols
    rests = frozenset(symbol for symbol in symbols if takes_stops(wire, products[symbol], symbol))
    bare = sorted(set(symbols) - rests)
    said = f"{', '.join(bare)}: the venue takes no stops there; positions are protected while this process runs only"
    warnings = (*dealt.notes, *((said,) if bare else ()))
    total = ZERO if cash is None else cash.total
    return VenueAccount(
        wire,
        clock,
        symbols,
        total,
        terms,
        rests,
        warnings,
        cancellers(settings, key),
        datetime.fromisoformat(armed.expires_at),
    )


def settings_of(config: Config) -> CoinbaseSettings:
    """Where the venue is."""
    from trader.exchange.coinbase_settings import CoinbaseSettings

    keys = config.app.exchange.coinbase
    return CoinbaseSettings(
        rest_host=keys.rest_host,
        ws_url=keys.ws_url,
        ca_file=None if keys.ca_file is None else Path(keys.ca_file),
        key_file=None if keys.key_file is None else Path(keys.key_file),
    )


def bound_of(config: Config) -> Bound:
    """What an arming of *config*'s account is bound to."""
    host = config.app.exchange.coinbase.rest_host
    return Bound(config.app.account, host, REHEARSAL, __version__, config.hash)


def key_of(settings: CoinbaseSettings) -> ApiKey:
    """The account's key; it leaves the environment on the way."""
    from trader.exchange.coinbase_key import BadKey, key_from_environment, key_from_file

    found = key_from_environment(os.environ)
    key = found if settings.key_file is None else key_from_file(settings.key_file)
    if key is None:
        raise BadKey(
            "no API key: name its file in exchange.coinbase.key_file, or set COINBASE_API_KEY and COINBASE_API_SECRET"
        )
    return key


def connected(
    settings: CoinbaseSettings, key: ApiKey, *, read_only: bool = False, killed: Callable[[], str] = never
) -> CoinbaseWire:
    """A wire to the venue, on which no order leaves while *killed* says why."""
    from trader.exchange.coinbase import CoinbaseWire

    return CoinbaseWire.connect(settings, key, clock=SystemClock(), read_only=read_only, stopped=killed)


def cancellers(settings: CoinbaseSettings, key: ApiKey) -> Callable[[], Canceller]:
    """Makes further sessions there, for the watchdog alone; they share their limits."""
    from trader.exchange.coinbase_canceller import RATES, CoinbaseCanceller
    from trader.exchange.coinbase_limits import Limits

    clock = SystemClock()
    return partial(CoinbaseCanceller.connect, settings, key, clock=clock, limits=Limits(RATES, clock))


def admit(terms: Terms, config: Config, host: str) -> None:
    """Refuse a key that may not trade, and fees other than those every size and cap was worked out with (X3)."""
    from trader.exchange.coinbase_key import demand_trade_permission

    demand_trade_permission(terms, host)
    wrong = wrong_fees(terms, config)
    if wrong:
        raise CannotGoLive(f"{host}: {wrong}")


def wrong_fees(terms: Terms, config: Config) -> str:
    """How the account's fees differ from the assumed ones by more than the margin; empty where they do not."""
    fees, margin = config.execution().fees, config.app.exchange.coinbase.fee_margin_bps
    for side, there, here in (
        ("maker", terms.maker_bps, fees.maker_bps),
        ("taker", terms.taker_bps, fees.taker_bps),
    ):
        if abs(there - here) > margin:
            return (
                f"the account pays {there:f} bps as {side}, policy.yaml: execution.fees.{side}_bps says {here:f}; they "
                f"may differ by exchange.coinbase.fee_margin_bps ({margin:f}). Set the account's own"
            )
    return ""


class FeeWatch:
    """Asks for the account's fees with each cycle; while they are not the assumed ones, nothing is entered."""

    def __init__(
        self, wire: Wire, config: Config, every_seconds: float = FEES_SECONDS, clock: Clock | None = None
    ) -> None:
        self._wire, self._config, self._every, self._clock = wire, config, every_seconds, clock or SystemClock()
        self._asked = self._clock.monotonic()
        self.wrong = ""

    def ask(self) -> None:
        """Ask, if it was long ago; a venue that does not answer changes nothing."""
        if self._clock.monotonic() - self._asked < self._every:
            return
        with suppress(WireDown):
            self.wrong = wrong_fees(self._wire.terms(), self._config)
        self._asked = self._clock.monotonic()


def takes_stops(wire: Wire, product: ProductState, symbol: str) -> bool:
    """
    Whether the venue would take a stop-limit SELL in *symbol*: asked by preview, far below the market.

    Where that is, its answers tell: a coin may cost a hundred thousand dollars or a hundred-thousandth of one.
    """
    price, asked = PROBE_STOP, set[Decimal]()
    for _ in range(PROBES_MAX):
        stop = max(product.price_increment, floor_to(price, product.price_increment))
        if stop in asked:
            return False
        asked.add(stop)
        try:
            errors = wire.preview(_probe(product, symbol, stop)).errors
        except WireDown:
            return False
        if any(TOO_HIGH in error for error in errors):
            price /= 10
        elif any(TOO_LOW in error for error in errors):
            price *= 10
        else:
            return all(any(word in error for word in FUNDS) for error in errors)
    return False


def _probe(product: ProductState, symbol: str, stop: Decimal) -> WireOrder:
    size = max(product.base_min_size, floor_to(product.quote_min_usd / stop, product.base_increment))
    return WireOrder("probe", symbol, Side.SELL, WireKind.STOP_LIMIT_GTC, size, stop, stop_price=stop)


def venue_clock(
    ask: Callable[[], datetime], speed: float, make: Callable[[datetime, float], VenueClock] = VenueClock
) -> VenueClock:
    """The venue's clock by the best of a few answers: the first may have been asked for again, which is no journey."""
    clock = make(ask(), speed)
    for _ in range(ANSWERS - 1):
        if clock.certain:
            break
        asked = clock.ticks()
        clock.heard(ask(), asked)
    return clock


def wire_policy(config: Config, terms: Terms, step_seconds: int, speed: float) -> WirePolicy:
    """
    How intents meet the venue; bars are *step_seconds* long, and a price bound leaves room for the account's own fee.

    Tokens expire by the wall clock: where the venue's time runs *speed* times as fast, they live longer in it.
    """
    execution, usual = config.execution(), WirePolicy()
    return WirePolicy(
        taker_bps=max(execution.fees.taker_bps, terms.taker_bps),
        exit_slippage_bps=execution.exit_slippage_bps,
        stop_slack_bps=execution.stop_slack_bps,
        maker_ttl=timedelta(seconds=execution.maker_ttl_bars * step_seconds),
        reprices=execution.maker_reprices,
        taker_fallback=execution.taker_fallback,
        preview=config.app.exchange.coinbase.preview,
        token_life=usual.token_life * max(1.0, speed),
        settle=usual.settle * max(1.0, speed),
    )
