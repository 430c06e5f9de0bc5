"""
What the risk engine saves itself changes no answer; each saving is also tried where it would.

It asks no rule about an exit that is silent on every exit, and no breaker while value per unit is above the highest
level at which any of them could trip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_book, a_performance
from tests.risk.test_laws import UNTIL_BROKEN, tried
from tests.risk.worlds import books, every_rule, proposals, rule_class, sells
from trader.model.book import Book, Performance
from trader.model.trading import Objection, Side, SizedProposal
from trader.risk.engine import RiskEngine
from trader.risk.rule import EntriesOnly
from trader.risk.rules import ORDER
from trader.risk.rules.no_shorts import NoShorts

HOUSE = every_rule()


def is_silent_on_exits(rule: Any, proposal: SizedProposal, book: Book) -> None:
    if isinstance(rule, EntriesOnly) and proposal.side is Side.SELL and not proposal.defects:
        assert rule.check(proposal, book) is None


@dataclass(frozen=True, slots=True)
class SaysItIsSilent(EntriesOnly):
    """Cuts exits, and says that it does not."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        return NoShorts().check(proposal, book)


@pytest.mark.slow
@pytest.mark.req("E1")
@pytest.mark.parametrize("name", ORDER)
def test_a_rule_that_is_not_asked_about_exits_would_say_nothing(name):
    rule = next(one for one in HOUSE if type(one) is rule_class(name))

    tried(is_silent_on_exits, st.one_of(sells, proposals), books, on=rule)


def test_a_rule_that_only_says_so_is_caught():
    with pytest.raises(AssertionError):
        tried(is_silent_on_exits, sells, books, on=SaysItIsSilent(), until_broken=True)


def test_some_rules_are_asked_about_exits_and_most_are_not():
    entries_only = [rule for rule in HOUSE if isinstance(rule, EntriesOnly)]

    assert len(entries_only) == 17
    assert not any(isinstance(rule, EntriesOnly) for rule in HOUSE if type(rule).__name__ in ("Schema", "NoShorts"))


BREAKERS = (
    rule_class("drawdown", "breakers")(Decimal(8)),
    rule_class("drawdown", "breakers")(Decimal(5), 3),
    rule_class("daily_loss", "breakers")(Decimal(2)),
    rule_class("weekly_loss", "breakers")(Decimal(4)),
)


@st.composite
def performances(draw: st.DrawFn) -> list[Performance]:
    """A history whose values lie on, beside and far from every breaker's level; what does not change is handed on."""
    found = [a_performance(nav=draw(levels), peak=draw(levels))]
    for _ in range(draw(st.integers(0, 5))):
        changes: dict[str, Any] = {"nav": draw(levels)}
        for name in draw(st.sets(st.sampled_from(["peak", "day_start", "week_start"]))):
            changes[name] = draw(levels)
        if "peak" in changes:
            changes["peaks"] = ((20_089, changes["peak"]),)
        found.append(replace(found[-1], **changes))
    return found


_falls = st.sampled_from([0, 2, 4, 5, 8, 30]).map(lambda pct: 1 - Decimal(pct) / 100)
_hairs = st.sampled_from(["0", "1E-27", "-1E-27", "1E-12", "-1E-12", "1E-8", "-1E-8"]).map(Decimal)
levels = st.builds(lambda fall, hair: fall * (1 + hair), _falls, _hairs)


def trips_as_if_each_were_asked(engine: type[RiskEngine], history: list[Performance]) -> None:
    risk = engine((), BREAKERS)
    for performance in history:
        book = replace(a_book(), performance=performance)
        every = tuple(trip for breaker in BREAKERS if (trip := breaker.check(book)) is not None)
        assert risk.trips(book) == every


class NeverLooksAgain(RiskEngine):
    """Keeps the level it worked out first."""

    def trips(self, book: Book) -> Any:
        before = self._safe_above
        found = super().trips(book)
        if before[3].is_finite():
            self._safe_above = (*self._safe_above[:3], before[3])
        return found


class LooksTooLow(RiskEngine):
    """Takes the lowest of the levels for the highest."""

    def nav_floor(self, performance: Performance) -> Decimal | None:
        return min(breaker.nav_floor(performance) for breaker in self.breakers)


@pytest.mark.req("DD1")
@given(performances())
def test_breakers_that_are_not_asked_would_not_have_tripped(history):
    trips_as_if_each_were_asked(RiskEngine, history)


@pytest.mark.parametrize("mutant", [NeverLooksAgain, LooksTooLow])
def test_a_level_that_is_stale_or_too_low_is_caught(mutant):
    with pytest.raises(AssertionError):
        UNTIL_BROKEN(given(performances())(lambda history: trips_as_if_each_were_asked(mutant, history)))()
