"""
Names that point at nothing, or at two things: a mistyped symbol or theme would be a cap that never bites.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trader.config.checking import Mistake
from trader.config.facts import Facts
from trader.config.policy_yaml import ThemeCap
from trader.config.stanza import Symbol
from trader.config.strategies_yaml import StrategyKeys
from trader.config.universe_yaml import TierKeys
from trader.config.wording import did_you_mean, near
from trader.policy import OTHER

_Symbols = tuple[Symbol, ...]


def names(facts: Facts) -> Iterator[Mistake]:
    """Every name that points nowhere or twice."""
    for check in (_tiers, _themes, _theme_overrides, _never, _strategies, _regime):
        yield from check(facts)


def _tiers(facts: Facts) -> Iterator[Mistake]:
    if facts.at("universe", "tiers") == {}:
        yield ("universe", "tiers"), "there is no tier; nothing could ever be traded"
    tiers = facts.named(TierKeys, "universe", "tiers")
    yield from _twice({name: tier.symbols for name, tier in tiers.items()}, ("universe", "tiers"), ("symbols",), "tier")


def _themes(facts: Facts) -> Iterator[Mistake]:
    themes = _themes_of(facts)
    listed = facts.listed_symbols()
    yield from _twice(themes, ("universe", "themes"), (), "theme")
    if OTHER in themes:
        yield ("universe", "themes", OTHER), f"{OTHER} is the theme of what no theme lists; leave it out"
    for theme, symbols in themes.items():
        if listed is not None:
            yield from _unlisted(symbols, listed, ("universe", "themes", theme))


def _theme_overrides(facts: Facts) -> Iterator[Mistake]:
    cap, themes = facts.stanza(ThemeCap, "policy", "risk", "theme_cap"), facts.at("universe", "themes")
    if cap is None or not isinstance(themes, dict):
        return
    known = [*themes, OTHER]
    for theme in cap.overrides:
        if theme not in known:
            sentence = f"{theme} is no theme of universe.yaml; {did_you_mean(theme, known)}"
            yield ("policy", "risk", "theme_cap", "overrides", theme), sentence


def _never(facts: Facts) -> Iterator[Mistake]:
    never = facts.value(_Symbols, "universe", "never_trade") or ()
    yield from _repeated(never, ("universe", "never_trade"))


def _strategies(facts: Facts) -> Iterator[Mistake]:
    listed, never = facts.listed_symbols(), facts.value(_Symbols, "universe", "never_trade") or ()
    for name, strategy in facts.named(StrategyKeys, "strategies").items():
        path = ("strategies", name, "symbols")
        symbols = strategy.symbols or ()
        if strategy.symbols == ():
            yield path, "an empty list trades nothing; leave symbols out to trade all that is eligible"
        yield from _repeated(symbols, path)
        if listed is not None:
            yield from _unlisted(symbols, listed, path)
        for symbol in dict.fromkeys(symbols):
            if symbol in never:
                yield path, f"{symbol} is under never_trade in universe.yaml; take it off one of the two"


def _regime(facts: Facts) -> Iterator[Mistake]:
    listed, symbol = facts.listed_symbols(), facts.value(Symbol, "policy", "regime", "symbol")
    if listed is not None and symbol is not None:
        yield from _unlisted((symbol,), listed, ("policy", "regime", "symbol"))


def _themes_of(facts: Facts) -> dict[str, tuple[str, ...]]:
    group = facts.at("universe", "themes")
    if not isinstance(group, dict):
        return {}
    found = {theme: facts.value(_Symbols, "universe", "themes", theme) for theme in group}
    return {theme: symbols for theme, symbols in found.items() if symbols}


def _unlisted(symbols: tuple[str, ...], listed: dict[str, str], path: tuple[str, ...]) -> Iterator[Mistake]:
    for symbol in dict.fromkeys(symbols):
        if symbol not in listed:
            meant = near(symbol, listed)
            hint = f"did you mean {meant}?" if meant else "list it in a tier first"
            yield path, f"{symbol} is in no tier of universe.yaml; {hint}"


def _twice(
    groups: dict[str, tuple[str, ...]], path: tuple[str, ...], inner: tuple[str, ...], what: str
) -> Iterator[Mistake]:
    home: dict[str, str] = {}
    for name, symbols in groups.items():
        yield from _repeated(symbols, (*path, name, *inner))
        for symbol in dict.fromkeys(symbols):
            if symbol in home:
                sentence = f"{symbol} is already in {what} {home[symbol]}; a symbol has one {what}"
                yield (*path, name, *inner), sentence
            home.setdefault(symbol, name)


def _repeated(symbols: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Mistake]:
    for symbol, count in Counter(symbols).items():
        if count > 1:
            yield path, f"{symbol} is listed {count} times; keep one"
