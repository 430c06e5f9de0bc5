"""
A cycle laid out for a reader: what was known, what was wished, what was permitted and why not more.

Each view is a function of nouns and gives tables; nothing is asked and nothing
is decided here.
"""

from __future__ import annotations

from decimal import Decimal

from trader.gateway.account_view import AccountView
from trader.gateway.desk_info import DeskInfo
from trader.gateway.shown import Cell, Shown, Table, columns, text
from trader.market.granularity import granularity_name
from trader.model.decision import Decision, Proposals, StrategyReport
from trader.model.market import Membership, Snapshot
from trader.model.trading import Objection, Unit, Verdict
from trader.reporting.wording import DASH, REASONS, UNITS, pct, plain_number, plural, short_number, usd

OUT_BECAUSE = {
    "never_trade": "listed under never_trade",
    "banned": "banned",
    "no_data": "nothing is known of it yet",
    "spread": "the spread is wider than its tier permits",
    "volume": "too little traded in 24 h for its tier",
    "unlisted_volume": "in no tier, and too little traded in 24 h",
}
PAIRS = 3
"""Facts side by side in the overview."""
VERDICT_TONE = {"approved": "gain", "trimmed": "refused", "denied": "loss"}


def overview(desk: DeskInfo, snapshot: Snapshot, account: AccountView) -> Shown:
    """Where we stand: the instant, the weather, the account."""
    members = snapshot.membership.values()
    multiplier = desk.multipliers.get(snapshot.regime, Decimal(1))
    bare = f", {len(account.unprotected)} without a stop at the venue" if account.unprotected else ""
    facts = {
        "As of": f"{snapshot.as_of:%Y-%m-%d %H:%M} UTC",
        "Market": desk.source,
        "Regime": f"{snapshot.regime.value}, sizes × {short_number(float(multiplier))}",
        "Universe": f"{sum(member.eligible for member in members)} of {len(members)} symbols eligible",
        "Trading": account.state.value + (", orders are not sent" if account.mode == "dry_run" else ""),
        "NLV": usd(float(account.nlv_usd)),
        "Cash": usd(float(account.cash_usd)),
        "Drawdown": pct(float(account.drawdown_pct)),
        "Positions": plural(len(account.positions), "position") + bare,
    }
    alarming = {"Positions"} if bare else set()
    cells = [
        cell
        for name, value in facts.items()
        for cell in (text(name, "quiet"), text(value, "loss" if name in alarming else ""))
    ]
    rows = [cells[at : at + PAIRS * 2] for at in range(0, len(cells), PAIRS * 2)]
    title = f"Account {account.account}, {account.mode.replace('_', ' ')}"
    return Shown((Table(title, columns(*[""] * PAIRS * 2), rows),))


def quotes(snapshot: Snapshot) -> Shown:
    """Every symbol's quote, and the bar it has just closed."""
    heads = columns("Symbol", ">Bid", ">Ask", ">Spread, bps", "Closed", ">Close", ">Change", ">Volume")
    rows = []
    for symbol, quote in sorted(snapshot.quotes.items()):
        digits = _digits(snapshot, symbol)
        prices = (f"{quote.bid:,.{digits}f}", f"{quote.ask:,.{digits}f}", f"{quote.spread_bps:.1f}")
        rows.append((text(symbol), *map(text, prices), *_last_bar(snapshot, symbol, digits)))
    names = [granularity_name(seconds) for seconds, symbols in sorted(snapshot.closed.items()) if symbols]
    note = f"bars that have just closed: {', '.join(names) or 'none'}"
    return Shown((Table("Quotes and closed bars", heads, rows, note),))


def _digits(snapshot: Snapshot, symbol: str) -> int:
    """Decimals that show a quote: one more than the product's own, for half a spread can be finer."""
    product = snapshot.products.get(symbol)
    exponent = product.quote_increment.normalize().as_tuple().exponent if product is not None else -2
    return max(0, -exponent if isinstance(exponent, int) else 2) + 1


def _last_bar(snapshot: Snapshot, symbol: str, digits: int) -> tuple[Cell, ...]:
    lengths = [seconds for seconds, name in snapshot.bars if name == symbol]
    if not lengths:
        return (text(DASH, "quiet"), *(text("") for _ in range(3)))
    bars = snapshot.bars[max(lengths), symbol]
    close, before = float(bars.close[-1]), float(bars.close[-2]) if len(bars) > 1 else float(bars.open[-1])
    change = (close / before - 1) * 100
    return (
        text(granularity_name(max(lengths))),
        text(f"{close:,.{digits - 1}f}"),
        text(pct(change, signed=True), "gain" if change > 0 else "loss" if change < 0 else ""),
        text(f"${close * float(bars.volume[-1]):,.0f}"),
    )


def universe(snapshot: Snapshot) -> Shown:
    """Who may be traded, who may not, and the number that decided it."""
    heads = columns("Symbol", "", "Tier", "Why", ">Measured", ">Limit")
    members = sorted(snapshot.membership.values(), key=lambda member: (not member.eligible, member.tier, member.symbol))
    rows = [_member(member) for member in members]
    turning = [member.symbol for member in members if member.streak]
    note = f"about to turn: {', '.join(turning)}" if turning else ""
    return Shown((Table("Universe", heads, rows, note),))


def _member(member: Membership) -> tuple[Cell, ...]:
    is_spread = member.exclusion_reason == "spread"
    why = (
        "traded enough in 24 h"
        if member.eligible
        else OUT_BECAUSE.get(member.exclusion_reason, member.exclusion_reason)
    )
    numbers = (_measured(value, is_spread) for value in (member.observed, member.limit))
    is_in = text("in", "gain") if member.eligible else text("out", "loss")
    return (text(member.symbol), is_in, text(member.tier), text(why), *map(text, numbers))


def _measured(value: Decimal | None, is_spread: bool) -> str:
    if value is None:
        return DASH
    return f"{value:.1f} bps" if is_spread else f"${value:,.0f}"


def proposals(given: Proposals) -> Shown:
    """What the strategies wish, and how each of them fared."""
    heads = columns("Strategy", "Symbol", "Side", ">Size, %", ">Stop, %", ">Target, %", ">Conviction", "~Reason")
    rows = []
    for one in given.proposals:
        numbers = (one.notional_pct, one.stop_loss_pct, one.take_profit_pct, one.conviction)
        words = (text(one.strategy), text(one.symbol), text(one.side))
        rows.append((*words, *(text(_number(value)) for value in numbers), text(one.reason)))
    return Shown((Table("Proposals", heads, rows, "" if rows else "no strategy proposes anything"), reports(given)))


def reports(given: Proposals) -> Table:
    """How each strategy fared."""
    heads = columns("Strategy", "Outcome", ">Proposals", ">ms", "~Detail")
    rows = [
        (text(one.strategy), text(one.outcome, _outcome_tone(one)), text(one.proposals_count),
         text(f"{one.seconds * 1_000:.1f}"), text(one.detail))
        for one in given.reports
    ]  # fmt: skip
    return Table("Strategies", heads, rows, "" if rows else "no bar has closed that a strategy waits for")


def _outcome_tone(report: StrategyReport) -> str:
    return {"ok": "gain", "skipped": "quiet"}.get(report.outcome, "loss")


def verdicts(decision: Decision) -> Shown:
    """What risk made of each candidate, and every objection with its numbers."""
    heads = columns(
        "Symbol",
        "Side",
        "Strategy",
        ">Wanted",
        ">Approved",
        "Verdict",
        "Objection",
        ">Observed",
        ">Limit",
        "Unit",
        ">Permits",
    )
    rows = [row for verdict in decision.verdicts for row in _verdict(verdict)]
    lost = [
        f"{one.proposal.strategy}'s {one.proposal.side} {one.proposal.symbol} gave way to {one.winner} ({one.why})"
        for one in decision.superseded
    ]
    trips = [
        f"breaker {t.breaker}: {t.observed_pct:.2f} % of {t.limit_pct:.2f} %; now {t.state}" for t in decision.trips
    ]
    note = "; ".join([*trips, *lost]) or ("" if rows else "nothing was to be judged")
    return Shown((Table("Verdicts", heads, rows, note),))


def _verdict(verdict: Verdict) -> list[tuple[Cell, ...]]:
    wish = verdict.proposal
    word = "denied" if verdict.denied else "trimmed" if verdict.trimmed else "approved"
    strategy = f"{wish.strategy}, {wish.exit_reason.value}" if wish.exit_reason is not None else wish.strategy
    front = (text(wish.symbol), text(wish.side.value), text(strategy), text(usd(float(wish.notional_usd))),
             text(usd(float(verdict.approved_usd))), text(word, VERDICT_TONE[word]))  # fmt: skip
    empty = tuple(text("") for _ in front)
    objections = [_objection(one) for one in verdict.objections] or [tuple(text("") for _ in range(5))]
    return [(*(empty if number else front), *cells) for number, cells in enumerate(objections)]


def _objection(one: Objection) -> tuple[Cell, ...]:
    said = REASONS.get(one.risk_reason.value, one.risk_reason.value)
    what = f"{one.field}: {said}" if one.field else said
    observed, limit = (_in_units(float(value), one.unit) for value in (one.observed, one.limit))
    numbers = (text(observed), text(limit), text(UNITS.get(one.unit.value, one.unit.value), "quiet"))
    return (text(what), *numbers, text(usd(float(one.permitted_usd))))


def _in_units(value: float, unit: Unit) -> str:
    return plain_number(value) if unit in (Unit.PCT, Unit.PCT_OF_NLV, Unit.USD) else short_number(value)


def _number(value: object) -> str:
    return plain_number(value) if isinstance(value, float | int) and not isinstance(value, bool) else str(value)
