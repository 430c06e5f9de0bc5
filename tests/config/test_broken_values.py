"""
One mistake in the shipped files, and exactly what the user reads about it.

Each row: where, what stands there, what is written instead, and every line the user reads about it: no more, no less.
"""

from __future__ import annotations

import pytest

from tests.config.working_copy import STRATEGIES, WorkingCopy
from trader.config.app_yaml import AppYaml
from trader.config.wording import did_you_mean

NLV = "above 0 to 100 % of NLV"
POSITION = "risk.position_cap.max_position_size_pct"
TOTAL = "risk.total_cap.max_total_at_risk_pct"
SYMBOL = "like BTC-USD (quoted in USD or USDC)"
INSTANT = "a UTC day or instant from 2009 to 2099, like 2026-12-31 or 2026-12-31T18:00:00Z"
APP_KEYS = ", ".join(AppYaml.model_fields)
TIER_KEYS = "min_volume_24h_usd, max_spread_bps, max_allocation_pct, base_size_pct, spread_bps, slippage_bps, symbols"
SMALLEST = "policy.yaml: risk.min_notional.min_notional_usd (10); nothing could ever be bought"
TRAIL = "exits.trailing_stop_pct"
WEEKLY = "breakers.weekly_loss.max_weekly_loss_pct (6); a day cannot lose more than its week"

WRONG_VALUES = [
    ("policy", "size_pct: 5 ", "size_pct: 0 ", f"{POSITION}: 0 is not above 0; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: -5 ", f"{POSITION}: -5 is not above 0; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 500 ", f"{POSITION}: 500 is above 100; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: .nan ", f"{POSITION}: nan is not a finite number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: .inf ", f"{POSITION}: infinity is not a finite number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: -.inf ", f"{POSITION}: -infinity is not a finite number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: NaN ", f"{POSITION}: nan is not a finite number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: null ", f"{POSITION}: null is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: ", f"{POSITION}: null is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: true ", f"{POSITION}: true is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: five ", f"{POSITION}: 'five' is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: '5 %' ", f"{POSITION}: '5 %' is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 0x10 ", f"{POSITION}: '0x10' is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 010 ", f"{POSITION}: '010' is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 1:30 ", f"{POSITION}: '1:30' is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: [5] ", f"{POSITION}: a list is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: {a: 5} ", f"{POSITION}: a group of keys is not a number; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 1e-15 ", f"{POSITION}: 1e-15 has more than 12 decimals; allowed: {NLV}"),
    ("policy", "size_pct: 5 ", "size_pct: 9e99 ", f"{POSITION}: 9e+99 is above 100; allowed: {NLV}"),
    (
        "policy",
        "per_hour: 5 ",
        "per_hour: 2.5 ",
        "risk.pacing.max_trades_per_hour: 2.5 is not a whole number; allowed: 1 to 10000",
    ),
    (
        "policy",
        "per_hour: 5 ",
        "per_hour: '5' ",
        "risk.pacing.max_trades_per_hour: '5' is not a number; allowed: 1 to 10000",
    ),
    (
        "policy",
        "per_hour: 5 ",
        "per_hour: yes ",
        "risk.pacing.max_trades_per_hour: 'yes' is not a number; allowed: 1 to 10000",
    ),
    (
        "policy",
        "per_hour: 5 ",
        "per_hour: 0 ",
        "risk.pacing.max_trades_per_hour: 0 is below 1; allowed: 1 to 10000",
    ),
    (
        "policy",
        "breach: trim",
        "breach: trimm",
        "risk.caps.on_breach: 'trimm' is none of the choices; did you mean trim? Allowed: trim, deny",
    ),
    (
        "policy",
        "breach: trim",
        "breach: ignore",
        "risk.caps.on_breach: 'ignore' is none of the choices; allowed: trim, deny",
    ),
    (
        "policy",
        "pinned: null",
        "pinned: bulll",
        "regime.pinned: 'bulll' is none of the choices; did you mean bull? Allowed: bull, chop, bear, crash, or null",
    ),
    (
        "policy",
        "timeframe: 1h",
        "timeframe: 60",
        "regime.timeframe: 60 is none of the choices; allowed: 1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 1d",
    ),
    (
        "policy",
        "quote_age_seconds: 5 ",
        "quote_age_seconds: 0 ",
        "risk.stale_quote.max_quote_age_seconds: 0 is not above 0; allowed: above 0 to 60 seconds",
    ),
    (
        "policy",
        "quote_age_seconds: 5 ",
        "quote_age_seconds: .inf ",
        "risk.stale_quote.max_quote_age_seconds: infinity is not a finite number; allowed: above 0 to 60 seconds",
    ),
    (
        "policy",
        "ohlcv_age_seconds: 90 ",
        "ohlcv_age_seconds: 60 ",
        "risk.stale_bar.max_ohlcv_age_seconds: 60 is not above 60; allowed: above 60 to 600 seconds",
    ),
    (
        "policy",
        "exits_when_stale: block # block, allow; default block. block",
        "exits_when_stale: alow # block",
        "risk.stale_quote.exits_when_stale: 'alow' is none of the choices; did you mean allow? Allowed: block, allow",
    ),
    (
        "policy",
        "jump_sigmas: 6 ",
        "jump_sigmas: 0 ",
        "risk.outlier.max_jump_sigmas: 0 is below 2; allowed: 2 to 100 σ",
    ),
    (
        "policy",
        "confirmations: 3 ",
        "confirmations: 1 ",
        "risk.outlier.confirmations: 1 is below 2; allowed: 2 to 100 quotes",
    ),
    (
        "policy",
        "max_spread_bps: 100 ",
        "max_spread_bps: -1 ",
        "risk.spread.max_spread_bps: -1 is not above 0; allowed: above 0 to 1000 bps",
    ),
    ("policy", "crash: 0.0", "crash: -0.1", "regime.multipliers.crash: -0.1 is below 0; allowed: 0 to 2"),
    (
        "policy",
        "window_days: null",
        "window_days: 0",
        "breakers.drawdown.window_days: 0 is below 1; allowed: 1 to 365 days, or null",
    ),
    (
        "policy",
        "max_hold_hours: null",
        "max_hold_hours: never",
        "exits.max_hold_hours: 'never' is not a number; allowed: above 0 to 8760 hours, or null",
    ),
    (
        "policy",
        "trailing_stop_pct: null",
        "trailing_stop_pct: 0",
        "exits.trailing_stop_pct: 0 is not above 0; allowed: above 0 to 100 %, or null",
    ),
    (
        "policy",
        "trailing_stop_pct: null",
        "trailing_stop_pct: 0.3",
        f"{TRAIL}: 0.3 is below risk.stop_bounds.stop_loss_pct_min (0.5); noise alone would stop every position out",
    ),
    (
        "policy",
        "trailing_stop_pct: null",
        "trailing_stop_pct: 20",
        f"{TRAIL}: 20 is above risk.stop_bounds.stop_loss_pct_max (15); a trailing stop is held to a stop's bounds",
    ),
    (
        "policy",
        "trailing_stop_pct: null",
        "trailing_stop: 5",
        "exits.trailing_stop: unknown key; did you mean trailing_stop_pct?",
    ),
    (
        "policy",
        "bot_id: t247",
        "bot_id: T-247",
        "execution.bot_id: 'T-247' is not a bot id; allowed: 1 to 12 small letters and digits",
    ),
    ("policy", "schema: {}", "schema: null", "risk.schema: null is not a group of keys; write {} where there are none"),
    (
        "policy",
        "  cash:\n    min_cash_pct: 0 ",
        "  cash: 0 ",
        "risk.cash: 0 is not a group of keys; keys: min_cash_pct",
    ),
    (
        "app",
        "mode: dry_run",
        "mode: live",
        "mode: live is not enabled; set live.enabled to true, arm the account, or take paper or dry_run",
    ),
    (
        "app",
        "mode: dry_run",
        "mode: dryrun",
        "mode: 'dryrun' is none of the choices; did you mean dry_run? Allowed: dry_run, paper, live",
    ),
    ("app", "mode: dry_run", "mode: on", "mode: 'on' is none of the choices; allowed: dry_run, paper, live"),
    (
        "app",
        "account: main",
        "account: ../x",
        "account: '../x' is not an account name; allowed: small letters, digits, - and _",
    ),
    ("app", "seed: 7", "seed: -1", "seed: -1 is below 0; allowed: 0 to 4294967295"),
    ("app", "var: var", "var: ''", "paths.var: '' is not a folder; allowed: the path of a folder"),
    (
        "app",
        "usd: 10_000",
        "usd: 10,000",
        "starting_cash_usd: '10,000' is not a number; allowed: above 0 to 1000000000 USD",
    ),
    (
        "universe",
        "[BTC-USD, ETH-USD]",
        "[BTC-USD, ETH-USD, btc-usd]",
        f"tiers.tier1.symbols[3]: 'btc-usd' is not a symbol; did you mean BTC-USD? Allowed: {SYMBOL}",
    ),
    (
        "universe",
        "never_trade: []",
        "never_trade: [DOGEUSD]",
        f"never_trade[1]: 'DOGEUSD' is not a symbol; allowed: {SYMBOL}",
    ),
    ("universe", "never_trade: []", "never_trade: SOL-USD", "never_trade: 'SOL-USD' is not a list; write [a, b]"),
    (
        "universe",
        "bans: {}",
        "bans: {SOL-USD: 2026-02-30}",
        f"bans.SOL-USD: '2026-02-30' is no day of the calendar; allowed: {INSTANT}",
    ),
    (
        "universe",
        "bans: {}",
        "bans: {SOL-USD: tomorrow}",
        f"bans.SOL-USD: 'tomorrow' is not a date; allowed: {INSTANT}",
    ),
    (
        "universe",
        "bans: {}",
        "bans: {SOL-USD: 9999-12-31}",
        f"bans.SOL-USD: '9999-12-31' is out of time; allowed: {INSTANT}",
    ),
    ("universe", "bans: {}", "bans: {SOL: 2026-12-31}", f"bans.SOL: 'SOL' is not a symbol; allowed: {SYMBOL}"),
    (
        "universe",
        "  MEME: [",
        "  meme: [",
        "themes.meme: 'meme' is not a theme; did you mean MEME? Allowed: capitals, digits and _, like LAYER1",
    ),
    (
        "signals",
        "threshold: 0.5",
        "threshold: 1.5",
        "price_move.threshold: 1.5 is above 1; allowed: above 0 to 1",
    ),
    ("signals", "threshold: 0.5", "threshold: 0", "price_move.threshold: 0 is not above 0; allowed: above 0 to 1"),
    (
        "signals",
        "lookback_bars: 24",
        "lookback_bars: 1",
        "price_move.lookback_bars: 1 is below 2; allowed: 2 to 5000 bars",
    ),
    (
        "signals",
        "full_ratio: 4",
        "full_ratio: 1",
        "volume_spike.full_ratio: 1 is not above 1; allowed: above 1 to 1000 times",
    ),
    (
        "strategies",
        "enabled: false",
        "enabled: yes",
        "sma_cross.enabled: 'yes' is neither true nor false; allowed: true, false",
    ),
    (
        "strategies",
        "enabled: false",
        "enabled: 1",
        "sma_cross.enabled: 1 is neither true nor false; allowed: true, false",
    ),
    (
        "strategies",
        "priority: 100",
        "priority: high",
        "sma_cross.priority: 'high' is not a number; allowed: 0 to 10000",
    ),
    (
        "strategies",
        "per_cycle: 2",
        "per_cycle: 0",
        "sma_cross.budget.max_trades_per_cycle: 0 is below 1; allowed: 1 to 1000",
    ),
    ("strategies", "params: {} #", "params: {k: .nan} #", "sma_cross.params.k: nan is not a finite number"),
    (
        "strategies",
        "params: {} #",
        "params: [1] #",
        "sma_cross.params: a list is not a group of keys; write {} where there are none",
    ),
    (
        "strategies",
        "\nsma_cross:",
        "\nsma-cross:",
        "sma-cross: 'sma-cross' is not a name; allowed: small letters, digits and _, like sma_cross",
        "sma-cross: there is no strategies/sma-cross.py; did you mean sma_cross?",
    ),
]

UNKNOWN_OR_MISSING = [
    (
        "policy",
        "max_position_size_pct",
        "max_positon_size_pct",
        f"{POSITION}: missing; write it out, e.g. max_position_size_pct: 5; allowed: {NLV}",
        "risk.position_cap.max_positon_size_pct: unknown key; did you mean max_position_size_pct?",
    ),
    (
        "policy",
        "  caps:",
        "  max_total_at_risk_pc: 15\n  caps:",
        "risk.max_total_at_risk_pc: unknown key; did you mean risk.total_cap.max_total_at_risk_pct?",
    ),
    (
        "policy",
        "  caps:",
        "  max_position_size_pct: 5\n  caps:",
        "risk.max_position_size_pct: unknown key here; it belongs under risk.position_cap in policy.yaml",
    ),
    (
        "policy",
        "    min_cash_pct: 0",
        "    enabled: false\n    min_cash_pct: 0",
        "risk.cash.enabled: unknown key here; it belongs under live in app.yaml or <name> in strategies.yaml",
    ),
    (
        "policy",
        "    min_cash_pct: 0",
        "    zzz: 1\n    min_cash_pct: 0",
        "risk.cash.zzz: unknown key; allowed: min_cash_pct",
    ),
    (
        "app",
        "seed: 7",
        "seed: 7\nmax_drawdown_pct: 5",
        "max_drawdown_pct: unknown key here; it belongs under breakers.drawdown in policy.yaml",
    ),
    (
        "app",
        "seed: 7",
        "sead: 7",
        "seed: missing; write it out, e.g. seed: 7; allowed: 0 to 4294967295",
        "sead: unknown key; did you mean seed?",
    ),
    (
        "app",
        "seed: 7",
        "1: 7\nseed: 7",
        f"1: unknown key; allowed: {APP_KEYS}",
    ),
    ("app", "mode: dry_run", "#", "mode: missing; write it out, e.g. mode: dry_run; allowed: dry_run, paper, live"),
    (
        "policy",
        "    max_total_at_risk_pct: 15",
        "    {}",
        f"risk.total_cap.max_total_at_risk_pct: missing; write it out, e.g. max_total_at_risk_pct: 15; allowed: {NLV}",
    ),
    ("policy", "  no_shorts: {}", "", "risk.no_shorts: missing; write it out"),
    (
        "policy",
        "  daily_loss:\n    max_daily_loss_pct: 3",
        "  #",
        "breakers.daily_loss: missing; write it out, with the keys max_daily_loss_pct",
    ),
    (
        "policy",
        "    window_days: null",
        "    #",
        "breakers.drawdown.window_days: missing; write it out, e.g. window_days: null; allowed: 1 to 365 days, or null",
    ),
    ("universe", "    slippage_bps: 3", "", "tiers.tier2.slippage_bps: missing; write it out; allowed: 0 to 1000 bps"),
    (
        "universe",
        "    base_size_pct: 1\n",
        "    base_size_pct: 1\n    leverage: 3\n",
        f"tiers.tier3.leverage: unknown key; allowed: {TIER_KEYS}",
    ),
    ("strategies", "priority: 100", "prioritty: 100", "sma_cross.prioritty: unknown key; did you mean priority?"),
    (
        "signals",
        "max_triggers_per_cycle: 5",
        "max_trigger_per_cycle: 5",
        "max_triggers_per_cycle: missing; write it out, e.g. max_triggers_per_cycle: 5; allowed: 1 to 1000",
        "max_trigger_per_cycle: unknown key; did you mean max_triggers_per_cycle?",
    ),
]
CONTRADICTIONS = [
    (
        "policy",
        "size_pct: 5 ",
        "size_pct: 50 ",
        f"{POSITION}: 50 is above {TOTAL} (15); a position cannot exceed the total",
    ),
    (
        "policy",
        "exposure_pct: 10 ",
        "exposure_pct: 20 ",
        f"risk.theme_cap.max_theme_exposure_pct: 20 is above {TOTAL} (15); a theme cannot exceed the total",
    ),
    (
        "policy",
        "overrides: {}",
        "overrides: {MEME: 16}",
        f"risk.theme_cap.overrides.MEME: 16 is above {TOTAL} (15); a theme cannot exceed the total",
    ),
    (
        "policy",
        "overrides: {}",
        "overrides: {MEMES: 3}",
        "risk.theme_cap.overrides.MEMES: MEMES is no theme of universe.yaml; did you mean MEME?",
    ),
    (
        "policy",
        "cash_pct: 0 ",
        "cash_pct: 86 ",
        f"risk.cash.min_cash_pct: 86 and {TOTAL} (15) are more than 100; cash kept cannot be at risk",
    ),
    (
        "policy",
        "stop_loss_pct_min: 0.5",
        "stop_loss_pct_min: 15",
        "risk.stop_bounds.stop_loss_pct_min: 15 is not below stop_loss_pct_max (15); no proposal could pass",
    ),
    (
        "policy",
        "take_profit_pct_max: 50",
        "take_profit_pct_max: 0.4",
        "risk.stop_bounds.take_profit_pct_min: 0.5 is not below take_profit_pct_max (0.4); no proposal could pass",
    ),
    (
        "policy",
        "daily_loss_pct: 3",
        "daily_loss_pct: 7",
        f"breakers.daily_loss.max_daily_loss_pct: 7 is above {WEEKLY}",
    ),
    (
        "policy",
        "per_hour: 5",
        "per_hour: 21",
        "risk.pacing.max_trades_per_hour: 21 is above max_trades_per_day (20); an hour is part of its day",
    ),
    (
        "policy",
        "after_stop_minutes: 120",
        "after_stop_minutes: 10",
        "risk.cooldown.cooldown_after_stop_minutes: 10 is below cooldown_minutes (30); a stop-out is a fill too",
    ),
    (
        "policy",
        "bear: 0.6",
        "bear: 1.1",
        "regime.multipliers.bear: 1.1 is above chop (1.0); worse weather never means more risk",
    ),
    (
        "policy",
        "maker_bps: 40",
        "maker_bps: 61",
        "execution.fees.maker_bps: 61 is above taker_bps (60); waiting never costs more",
    ),
    (
        "policy",
        "symbol: BTC-USD",
        "symbol: BCT-USD",
        "regime.symbol: BCT-USD is in no tier of universe.yaml; did you mean BTC-USD?",
    ),
    (
        "app",
        "deadline_seconds: 120",
        "deadline_seconds: 901",
        "cycle_deadline_seconds: 901 is above interval_seconds (900); a cycle ends before the next begins",
    ),
    (
        "app",
        "timeout_seconds: 5",
        "timeout_seconds: 121",
        "strategy_timeout_seconds: 121 is above cycle_deadline_seconds (120); one strategy cannot outlast the cycle",
    ),
    (
        "app",
        "cash_usd: 10_000",
        "cash_usd: 199",
        f"starting_cash_usd: a full position of 199 USD is 9.95 USD, below {SMALLEST}",
    ),
    (
        "universe",
        "allocation_pct: 15",
        "allocation_pct: 16",
        f"tiers.tier1.max_allocation_pct: 16 is above policy.yaml: {TOTAL} (15); a tier cannot exceed the total",
    ),
    (
        "universe",
        "base_size_pct: 4",
        "base_size_pct: 6",
        f"tiers.tier1.base_size_pct: 6 is above policy.yaml: {POSITION} (5); one entry cannot exceed a position",
    ),
    (
        "universe",
        "allocation_pct: 5",
        "allocation_pct: 0.9",
        "tiers.tier3.base_size_pct: 1 is above max_allocation_pct (0.9); one entry cannot exceed its tier",
    ),
    (
        "universe",
        "  spread_bps: 0.5",
        "  spread_bps: 10.5",
        "tiers.tier1.spread_bps: 10.5 is above max_spread_bps (10); nothing in this tier could ever be traded",
    ),
    (
        "universe",
        "usd: 2_000_000",
        "usd: 20_000_000",
        "tiers.tier2.min_volume_24h_usd: 20000000 is not below that of tier1 (20000000); tiers stand best first",
    ),
    (
        "universe",
        "[SOL-USD, XRP-USD,",
        "[SOL-USD, ETH-USD, XRP-USD,",
        "tiers.tier2.symbols: ETH-USD is already in tier tier1; a symbol has one tier",
    ),
    (
        "universe",
        "[BTC-USD, ETH-USD]",
        "[BTC-USD, ETH-USD, BTC-USD]",
        "tiers.tier1.symbols: BTC-USD is listed 2 times; keep one",
    ),
    (
        "universe",
        "[FET-USD,",
        "[FET-USD, SOL-USD,",
        "themes.AI: SOL-USD is already in theme LAYER1; a symbol has one theme",
    ),
    (
        "universe",
        "[FET-USD,",
        "[FET-USD, QQQQ-USDC,",
        "themes.AI: QQQQ-USDC is in no tier of universe.yaml; list it in a tier first",
    ),
    (
        "universe",
        "  AI: [FET-USD,",
        "  OTHER: [FET-USD]\n  AI: [",
        "themes.OTHER: OTHER is the theme of what no theme lists; leave it out",
    ),
    (
        "universe",
        "never_trade: []",
        "never_trade: [SOL-USD, SOL-USD]",
        "never_trade: SOL-USD is listed 2 times; keep one",
    ),
    (
        "strategies",
        "at_risk_pct: 5",
        "at_risk_pct: 16",
        f"sma_cross.budget.max_at_risk_pct: 16 is above policy.yaml: {TOTAL} (15); a strategy cannot exceed the total",
    ),
    (
        "strategies",
        "  params: {} #",
        "  symbols: [SOLL-USD]\n  params: {} #",
        "sma_cross.symbols: SOLL-USD is in no tier of universe.yaml; did you mean SOL-USD?",
    ),
    (
        "strategies",
        "  params: {} #",
        "  symbols: []\n  params: {} #",
        "sma_cross.symbols: an empty list trades nothing; leave symbols out to trade all that is eligible",
    ),
    (
        "strategies",
        "\nbreakout:",
        "\nbreakouts:",
        "breakouts: there is no strategies/breakouts.py; did you mean breakout?",
    ),
    (
        "strategies",
        "\nbreakout:",
        "\nquux:",
        f"quux: there is no strategies/quux.py; {did_you_mean('quux', STRATEGIES)}",
    ),
]


ROWS = [
    pytest.param(file, old, new, lines, id=f"{file}: {new.strip()[:50]}")
    for file, old, new, *lines in [*WRONG_VALUES, *UNKNOWN_OR_MISSING, *CONTRADICTIONS]
]


@pytest.mark.req("C1")
@pytest.mark.parametrize(("file", "old", "new", "lines"), ROWS)
def test_a_mistake_names_file_key_value_and_what_is_allowed(
    copy: WorkingCopy, file: str, old: str, new: str, lines: list[str]
) -> None:
    copy.edit(file, old, new)

    assert copy.problems() == [f"config/{file}.yaml: {line}" for line in lines]


@pytest.mark.req("C1")
def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 60


@pytest.mark.req("C1", "O1")
def test_a_guard_that_no_made_up_spread_could_pass_is_told_at_the_tier(copy: WorkingCopy) -> None:
    copy.edit("policy", "max_spread_bps: 100", "max_spread_bps: 15")

    limit = "is not below policy.yaml: risk.spread.max_spread_bps (15); nothing in this tier could ever be traded"
    assert copy.problems() == [f"config/universe.yaml: tiers.tier3.spread_bps: 15 {limit}"]
