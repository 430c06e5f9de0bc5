"""
What a report says in words and tables.

Rows ready to print, made from the report document alone; every number keeps
its machine form beside the printed one, so that page and JSON can be compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trader.reporting import wording as w
from trader.reporting.canonical import Json
from trader.reporting.metrics import profit_factor, win_rate_pct
from trader.reporting.sampling import evenly

MAX_ROUND_TRIP_ROWS = 250
EXAMPLES_A_REASON = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the summary: its key, value, printed form and meaning."""

    key: str
    label: str
    value: float | int | None
    printed: str
    meaning: str
    tone: str = ""


Printer = Callable[[Any], str]


def _signed_usd(value: float | None) -> str:
    return w.usd(value, signed=True)


def _signed_pct(value: float | None) -> str:
    return w.pct(value, signed=True)


def _whole(value: int) -> str:
    return f"{value:,}"


SUMMARY: tuple[tuple[str, str, Printer, str], ...] = (
    ("total_pnl_usd", "Total PnL", _signed_usd, "final NLV less starting cash: fees and open positions count"),
    ("total_pnl_pct", "Total return", _signed_pct, "total PnL over starting cash"),
    (
        "buy_and_hold_pct",
        "Buy and hold",
        _signed_pct,
        "every symbol in equal shares from its first open, before fees",
    ),
    ("final_nlv_usd", "Final NLV", w.usd, "cash and positions at the last close"),
    ("max_drawdown_pct", "Max drawdown", w.pct, "deepest fall from a high of NLV, over all instants"),
    ("cagr_pct", "CAGR", _signed_pct, "(last / first NLV)^(365 days / elapsed) − 1"),
    ("volatility_pct", "Volatility", w.pct, "standard deviation of daily returns × √365"),
    ("sharpe", "Sharpe", w.plain_number, "mean over standard deviation of daily returns × √365, risk-free rate 0"),
    ("sortino", "Sortino", w.plain_number, "mean over downside deviation of daily returns × √365"),
    ("calmar", "Calmar", w.plain_number, "CAGR over max drawdown"),
    ("total_trades", "Round trips", _whole, "positions entered and left"),
    ("win_rate_pct", "Win rate", w.pct, "round trips that earned more than their fees"),
    ("profit_factor", "Profit factor", w.plain_number, "what the winners made over what the losers lost, net of fees"),
    ("exposure_avg_pct", "Average exposure", w.pct, "mean share of NLV invested, over all instants"),
    ("turnover", "Turnover", w.plain_number, "notional bought and sold over mean NLV, whole run"),
    ("fees_usd", "Fees", w.usd, "maker and taker fees paid"),
    ("slippage_usd", "Slippage", w.usd, "half spread and slippage of market orders"),
    ("bars", "Bars", _whole, "bars read"),
    ("decisions", "Decisions", _whole, "instants at which the desk decided"),
)
SIGNED = {"total_pnl_usd", "total_pnl_pct", "buy_and_hold_pct", "cagr_pct", "sharpe", "sortino", "calmar"}


def summary_figures(report: Json) -> dict[str, Figure]:
    """Every number of the summary by key, in reading order."""
    figures = {}
    for key, label, printer, meaning in SUMMARY:
        value = report["summary"][key]
        figures[key] = Figure(key, label, value, printer(value), meaning, w.tone(value) if key in SIGNED else "")
    return figures


def month_rows(report: Json) -> list[tuple[str, list[float | None], float]]:
    """(year, twelve monthly returns in % or None, the year compounded) for the heat map."""
    years: dict[str, list[float | None]] = defaultdict(lambda: [None] * 12)
    for row in report["monthly_returns_pct"]:
        year, month = row["month"].split("-")
        years[year][int(month) - 1] = row["return_pct"]
    return [(year, months, _compounded(months)) for year, months in sorted(years.items())]


def _compounded(months: list[float | None]) -> float:
    growth = 1.0
    for value in months:
        growth *= 1 + (value or 0.0) / 100
    return (growth - 1) * 100


def month_scale(report: Json) -> float:
    """The return whose cell is coloured most strongly: the largest of the run, at least 1 %."""
    returns: list[float] = [abs(row["return_pct"] or 0.0) for row in report["monthly_returns_pct"]]
    return max([1.0, *returns])


def breakdown(report: Json, key: str) -> list[Json]:
    """Round trips grouped by *key* (strategy, symbol, exit_reason), the most profitable first."""
    groups: dict[str, list[Json]] = defaultdict(list)
    for trip in report["round_trips"]:
        groups[trip[key]].append(trip)
    rows = [_group_row(name, trips) for name, trips in groups.items()]
    return sorted(rows, key=lambda row: (-row["pnl_usd"], row["name"]))


def _group_row(name: str, trips: list[Json]) -> Json:
    pnl = [float(trip["pnl_usd"]) for trip in trips]
    returns = [trip["pnl_pct"] for trip in trips if trip["pnl_pct"] is not None]
    return {
        "name": name,
        "count": len(trips),
        "win_rate_pct": win_rate_pct(pnl),
        "profit_factor": profit_factor(pnl),
        "average_pct": sum(returns) / len(returns) if returns else None,
        "fees_usd": sum(float(trip["fees_usd"]) for trip in trips),
        "pnl_usd": sum(pnl),
    }


def cost_rows(report: Json, key: str) -> list[Json]:
    """Fills, notional, fees and the effective fee in bps, by *key* (liquidity, symbol), the dearest first."""
    groups: dict[str, list[Json]] = defaultdict(list)
    for trade in report["trades"]:
        groups[trade[key]].append(trade)
    rows = []
    for name, trades in groups.items():
        notional, fees = (sum(float(trade[field]) for trade in trades) for field in ("notional_usd", "fee_usd"))
        bps = fees / notional * 10_000 if notional else None
        rows.append({"name": name, "count": len(trades), "notional_usd": notional, "fees_usd": fees, "bps": bps})
    return sorted(rows, key=lambda row: (-row["fees_usd"], row["name"]))


def round_trip_rows(report: Json) -> list[Json]:
    """All round trips, or the `MAX_ROUND_TRIP_ROWS` that moved most money, in order of exit."""
    trips = report["round_trips"]
    chosen = sorted(range(len(trips)), key=lambda i: (-abs(float(trips[i]["pnl_usd"])), i))[:MAX_ROUND_TRIP_ROWS]
    return [trips[position] for position in sorted(chosen)]


def refusal_examples(report: Json) -> list[tuple[str, list[Json]]]:
    """Each reason, the most frequent first, with up to `EXAMPLES_A_REASON` of its events spread over the run."""
    rejections = report["rejections"]
    by_reason: dict[str, list[Json]] = defaultdict(list)
    for event in rejections["events"]:
        by_reason[event["risk_reason"]].append(event)
    order = sorted(by_reason, key=lambda reason: (-rejections["by_reason"].get(reason, 0), reason))
    return [(reason, evenly(by_reason[reason], EXAMPLES_A_REASON)) for reason in order]


def symbols_by_activity(report: Json) -> list[tuple[str, int]]:
    """(symbol, fills) of every symbol with bars, the most traded first."""
    fills = Counter(trade["symbol"] for trade in report["trades"])
    return sorted(((symbol, fills[symbol]) for symbol in report["bars"]), key=lambda pair: (-pair[1], pair[0]))
