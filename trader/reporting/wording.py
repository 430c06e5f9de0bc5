"""
Numbers as a reader wants them.

Formatting alone: nothing is computed here, and an undefined number is a dash.
A minus is a real minus; a sign is written where it says gain or loss.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

DASH = "–"

REASONS = {
    "shorting_disallowed": "a sell beyond what is held",
    "schema": "a field is missing or malformed",
    "below_conviction": "conviction under the minimum to propose",
    "stop_out_of_bounds": "stop or target outside the policy's bounds",
    "strategy_cap": "the strategy's own budget is used up",
    "strategy_trades": "too many entries by the strategy in one cycle",
    "theme_cap": "the theme would pass its cap",
    "position_cap": "the position would pass its cap",
    "total_cap": "everything at risk would pass the total cap",
    "tier_cap": "the tier would pass its cap",
    "cash": "not enough free cash, fees included",
    "min_notional": "under the smallest order worth its fees",
    "cooldown": "too soon after the last fill in the symbol",
    "pacing": "too many entries in an hour or a day",
    "max_open_positions": "as many positions open as permitted",
    "stale_quote": "the quote is too old",
    "stale_bar": "the bars are too old",
    "outlier": "a price jump not yet believed",
    "spread": "the spread is too wide",
    "product_disabled": "the exchange does not permit this order now",
    "not_eligible": "outside the universe",
    "regime": "the regime permits no entries",
    "drawdown": "drawdown breaker",
    "daily_loss": "daily loss limit",
    "weekly_loss": "weekly loss limit",
    "loss_streak": "pause after losses in a row",
    "halted": "trading is halted",
    "reducing": "exits only",
    "killed": "killed by the operator",
    "exchange_down": "the exchange is down",
    "unknown_state": "an order's outcome is unknown",
}

UNITS = {
    "pct_of_nlv": "% of NLV",
    "usd": "USD",
    "pct": "%",
    "bps": "bps",
    "seconds": "s",
    "count": "",
    "base": "base units",
    "ratio": "×",
}


def usd(value: float | str | None, signed: bool = False) -> str:
    """`$1,234.50`; with *signed* `+$1,234.50`."""
    if value is None:
        return DASH
    amount = float(value)
    return f"{_sign(amount, signed, 2)}${abs(amount):,.2f}"


def pct(value: float | None, signed: bool = False, digits: int = 2) -> str:
    """`2.50 %`; with *signed* `+2.50 %`."""
    return DASH if value is None else f"{_sign(value, signed, digits)}{abs(value):,.{digits}f} %"


def plain_number(value: float | None, digits: int = 2) -> str:
    """`1,234.50`, a real minus in front where negative."""
    return DASH if value is None else f"{_sign(value, False, digits)}{abs(value):,.{digits}f}"


def short_number(value: float | None) -> str:
    """Up to six significant digits, thousands parted: `10,000`, `0.0125`, `5.31`."""
    if value is None:
        return DASH
    text = f"{abs(value):,.0f}" if abs(value) >= 100_000 else f"{Decimal(f'{abs(value):.6g}').normalize():,f}"
    return f"−{text}" if value < 0 else text


def short_amount(value: str) -> str:
    """A decimal string to seven significant digits, thousands parted."""
    number = Decimal(value)
    rounded = Decimal(f"{number:.7g}") if number.adjusted() < 7 else number.to_integral_value()
    return f"{rounded.normalize():,f}".replace("-", "−")


def amount(value: str) -> str:
    """A decimal string with its thousands parted, every digit kept."""
    return f"{Decimal(value):,f}".replace("-", "−")


def when(text: str) -> str:
    """`2024-05-01 13:00` for `2024-05-01T13:00:00Z`."""
    return text.replace("T", " ").removesuffix("Z").removesuffix(":00")


def day(text: str) -> str:
    """`1 May 2024`."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y}"


def seconds_between(entry: str, leave: str) -> int:
    """Whole seconds from one instant to another."""
    return int((datetime.fromisoformat(leave) - datetime.fromisoformat(entry)).total_seconds())


def held(entry: str, leave: str) -> str:
    """How long between two instants: `3 d 4 h`, `45 min`."""
    return span(seconds_between(entry, leave))


def span(seconds: int) -> str:
    """A length of time in its two largest units: `45 min`, `6 h`, `3 d 4 h`."""
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 fill`, `2 fills`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def tone(value: float | str | None) -> str:
    """`gain`, `loss` or nothing, by the sign of *value*."""
    amount_now = float(value) if value is not None else 0.0
    return "gain" if amount_now > 0 else "loss" if amount_now < 0 else ""


def _sign(value: float, signed: bool, digits: int) -> str:
    rounded = round(value, digits)
    if rounded < 0:
        return "−"
    return "+" if signed and rounded > 0 else ""
