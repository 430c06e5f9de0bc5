"""
Whether an account can go on where it stopped, on the bars at hand.

What is held must be valued and protected without a gap, and in the market it was
bought in: another market, a start later than the stop, bars without a symbol
that is held, or a grid that does not meet the instant of the stop would each
skip or invent what happened, so each is refused.
"""

from __future__ import annotations

from datetime import datetime

from trader.errors import TraderError
from trader.market.market import Market
from trader.state.ledger import Ledger

ANEW = "begin a fresh account with --set app.account=NAME"


class CannotGoOn(TraderError):
    """The bars at hand do not continue the account's history."""


def where_to_go_on(market: Market, ledger: Ledger | None, marked_at: datetime | None) -> int | None:
    """
    The instant up to which *ledger*, last marked at *marked_at*, is settled; None where nothing needs settling yet.

    Raises CannotGoOn, naming what is missing, where something is held or working and *market* would leave a gap; no
    *ledger*, no gap: a venue remembers what happened.
    """
    if marked_at is None:
        return None
    if ledger is None:
        k = market.index_at_or_after(marked_at)
        return k if market.first <= k <= market.last else None
    owned = {symbol for _, symbol in ledger.positions} | {order.intent.symbol for order in ledger.working.values()}
    k = market.index_at_or_after(marked_at)
    if owned:
        _covered(market, owned, marked_at, k)
    return min(k, market.last) if k >= market.first else None


def must_be_the_same_market(before: str, now: str, ledger: Ledger) -> None:
    """
    Raises CannotGoOn where *ledger* has anything held or ordered *before* in another market than *now*.

    Empty is a market of which nothing is known: the record is older than the question, or nobody trades on it.
    """
    owned = sorted(ledger.to_be_marked)
    if owned and before and now and before != now:
        raise CannotGoOn(
            f"the account has {', '.join(owned)} held or ordered in another market: {before}; this run is on {now}, "
            f"whose prices say nothing of it. Go on there, or {ANEW}"
        )


def must_be_watched(market: Market, ledger: Ledger) -> None:
    """Raises CannotGoOn where *ledger* holds, or has working at its venue, what *market* is without."""
    unseen = sorted(ledger.to_be_marked - set(market.panel.symbols))
    if unseen:
        raise CannotGoOn(
            f"the account has {', '.join(unseen)} held or ordered, and this run would not watch it; "
            "name it in --symbols too"
        )


def _covered(market: Market, owned: set[str], marked_at: datetime, k: int) -> None:
    holds = f"the account stopped at {marked_at:%Y-%m-%dT%H:%M}Z with {', '.join(sorted(owned))} held or ordered"
    missing = sorted(owned - set(market.panel.symbols))
    if missing:
        raise CannotGoOn(
            f"{holds}, and the bars are without {', '.join(missing)}; name it in --symbols too, or, where there are "
            f"none of it, {ANEW}"
        )
    if k < market.first:
        raise CannotGoOn(f"{holds}; --start {market.time(market.first):%Y-%m-%dT%H:%M} would skip what happened since")
    if k <= market.last and market.time(k) != marked_at:
        raise CannotGoOn(f"{holds}; bars of {market.panel.granularity} do not meet that instant, take finer ones")
