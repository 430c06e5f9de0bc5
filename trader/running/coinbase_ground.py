"""
A run on Coinbase, real or simulated: its streams and candles, and in live mode the account there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from trader.config import Config
from trader.execution.engine import LastLook
from trader.execution.wire_setup import WireSetup
from trader.gateway.desk_info import StrategyFacts
from trader.market.choose import history_seconds
from trader.market.coinbase_feed import Feed, FeedSettings
from trader.market.coinbase_rest import PublicRest
from trader.market.live import LiveMarket, LiveWanted, watched
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import Side
from trader.ops.arming import utc_now
from trader.ports import Clock
from trader.risk.freshness import Freshness, SendFacts, forbids
from trader.running.asked import CannotRun, RunAsked, interval_of
from trader.running.clock import unsure, worth_saying
from trader.running.dealt import Dealt, listed, universe_of
from trader.running.ground import Ground
from trader.running.places import Places
from trader.running.venue import FeeWatch, VenueAccount, settings_of, venue_account, venue_clock, wire_policy

QUIET = timedelta(seconds=1)
"""A quote older than this is asked for anew before anything is sent on it."""
GRANULARITY = "1m"


def on_coinbase(
    asked: RunAsked, config: Config, strategies: Sequence[StrategyFacts], places: Places, stack: ExitStack,
    killed: Callable[[], str],
) -> Ground:  # fmt: skip
    """The ground of a run on the Coinbase feed; in live mode its orders go there too, unless *killed* says why not."""
    speed = asked.speed or 1.0
    account = venue_account(config, places, asked.symbols, speed, killed) if places.mode == "live" else None
    settings = settings_of(config)
    rest = PublicRest.at(settings.rest_host, settings.ca_file)
    stack.callback(rest.close)
    named = asked.symbols if account is None else account.symbols
    wanted = named or universe_of(config)
    states = rest.states(watched(wanted, config.regime()))
    dealt = Dealt(wanted) if named else listed(wanted, states, rest.host)
    twins = {symbol: state.alias for symbol, state in states.items() if state.alias}
    since = None if account else _stopped_at(places)
    _refuse_the_past(asked.end, since, rest)
    market = _market(asked, config, dealt.symbols, strategies, rest, since, twins, stack)
    clock = account.clock if account is not None else venue_clock(rest.time, speed)
    rest.keeps(clock)
    rest.make_certain()
    whole = max(market.step, config.app.interval_seconds // market.step * market.step)
    interval = interval_of(asked, asked.granularity or GRANULARITY, market.step) if asked.interval_seconds else whole
    host = settings.rest_host
    ground = Ground(
        market, f"Coinbase at {host}", interval, clock, warnings=dealt.notes, take_up=market.take_up,
        identity=f"coinbase {host}",
    )  # fmt: skip
    return ground if account is None else _traded(ground, market, account, config)


def _refuse_the_past(end: datetime | None, since: datetime | None, rest: PublicRest) -> None:
    """An *end* that is over decides nothing; bars *since* a simulated account stopped can still be played."""
    if end is not None and end <= (since or rest.time()):
        raise CannotRun(f"--end {end:%Y-%m-%dT%H:%M}Z is over at {rest.host}; name an end that is to come, or none")


def _market(
    asked: RunAsked, config: Config, symbols: tuple[str, ...], strategies: Sequence[StrategyFacts], rest: PublicRest,
    since: datetime | None, twins: Mapping[str, str], stack: ExitStack,
) -> LiveMarket:  # fmt: skip
    settings, regime = settings_of(config), config.regime()
    streams = FeedSettings(url=settings.ws_url, ca_file=settings.ca_file)
    feed = Feed(watched(symbols, regime), streams, limits=config.outlier(), twins=twins)
    stack.callback(feed.close)
    feed.start()
    wanted = LiveWanted(
        tradable=symbols,
        granularity=asked.granularity or GRANULARITY,
        history_seconds=max((facts.window_bars * facts.timeframe_seconds for facts in strategies), default=0),
        regime_seconds=history_seconds(regime, ()),
        since=since,
        end=asked.end,
        seed=config.app.seed,
    )
    market = LiveMarket(rest, feed.streams, wanted, config.universe(), regime)
    for seconds in sorted({facts.timeframe_seconds for facts in strategies}):
        market.timeframes.frames(seconds)
    return market


def _traded(ground: Ground, market: LiveMarket, account: VenueAccount, config: Config) -> Ground:
    fees = FeeWatch(account.wire, config)
    setup = WireSetup(
        wire=account.wire,
        clock=account.clock,
        symbols=account.symbols,
        policy=wire_policy(config, account.terms, market.step, account.clock.speed),
        quote=market.quote,
        rests=account.rests.__contains__,
        freshen=lambda some: _freshen(market, fees, some),
        bot_id=config.execution().bot_id,
    )

    def no_entry() -> str:
        return expired(account.armed_until, utc_now()) or fees.wrong or unsure(account.clock)

    look = last_look(market, account.clock, config.freshness(), no_entry)
    said = worth_saying(account.clock)
    warnings = (*account.warnings, *((said,) if said else ()))
    return replace(
        ground, wire=setup, cash_usd=account.cash_usd, forbids=look, warnings=warnings,
        open_canceller=account.open_canceller,
    )  # fmt: skip


def expired(armed_until: datetime, now: datetime) -> str:
    """Why nothing may be entered any more, once the arming is over (M1); what is held may still be sold."""
    return "" if now < armed_until else f"the arming expired at {armed_until:%Y-%m-%dT%H:%M}Z; arm anew and start again"


def last_look(market: LiveMarket, clock: Clock, limits: Freshness, no_entry: Callable[[], str]) -> LastLook:
    """
    What the feed knows at this very moment speaks against an order, or not (ST1, EX1, O1); no call is made.

    *no_entry* says what speaks against any BUY.
    """

    def look(intent: OrderIntent) -> str | None:
        if intent.protects:
            return None  # it waits for a price; how old today's is does not matter
        if intent.side is Side.BUY and (why := no_entry()):
            return why
        product = market.products.get(intent.symbol)
        if product is None:
            return "the venue does not list it"
        facts = SendFacts(
            side=intent.side,
            now=clock.now(),
            quote=market.quote(intent.symbol),
            health=market.health(intent.symbol),
            flags=product.flags,
            exchange_down=market.exchange_down,
            post_only=intent.order_type is OrderType.LIMIT_MAKER,
        )
        objection = forbids(facts, limits)
        if objection is None:
            return None
        return f"{objection.risk_reason.value}: {objection.observed:f}, limit {objection.limit:f}"

    return look


def _freshen(market: LiveMarket, fees: FeeWatch, symbols: Sequence[str]) -> None:
    """Ask for the quotes that have not moved for a while: a quiet product is not a silent feed."""
    fees.ask()
    market.feed.refresh(symbols, QUIET)


def _stopped_at(places: Places) -> datetime | None:
    """Up to where a simulated account on this feed was played."""
    from trader.model.events import Marked
    from trader.state.view import JournalView

    if not places.journal.exists():
        return None
    marks = [event.time for event in JournalView(places.journal).replay() if isinstance(event, Marked)]
    return marks[-1] if marks else None
