"""The laws of risk as properties; each is also tried on an engine or a rule that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.builders import NOW, a_book, a_buy, a_product, a_quote, a_sell
from tests.risk.test_position_cap import IgnoresWorkingOrders
from tests.risk.worlds import (
    NOT_NUMBERS,
    books,
    buys,
    calm_books,
    every_rule,
    grumblers,
    proposals,
    real_rules,
    reported_buys,
    rules,
    sells,
    some_rules,
    sound_proposals,
)  # fmt: skip
from trader.model.book import Book
from trader.model.market import NO_TIME, FeedHealth, ProductFlag
from trader.model.trading import RiskReason, Side, SizedProposal, TradingState, Verdict
from trader.risk.engine import RiskEngine
from trader.risk.rules.position_cap import PositionCap
from trader.risk.rules.stale_bar import StaleBar
from trader.risk.rules.stale_quote import StaleQuote

ENOUGH = settings(max_examples=150, deadline=None)
UNTIL_BROKEN = settings(
    max_examples=1_000,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    derandomize=True,
    database=None,
)


def tried(law: Callable[..., None], *given_by: Any, on: Any, until_broken: bool = False) -> None:
    """Try *law* on an engine or rule; the same function serves the house and its negative control."""
    (UNTIL_BROKEN if until_broken else ENOUGH)(given(st.tuples(*given_by))(lambda world: law(on, *world)))()


def never_enlarges(engine: type[RiskEngine], chosen: list[Any], proposal: SizedProposal, book: Book) -> None:
    approved = engine(chosen).review(proposal, book).approved_usd

    wanted = proposal.notional_usd if proposal.notional_usd.is_finite() else Decimal(0)
    assert 0 <= approved <= max(wanted, Decimal(0))


class TakesTheLastWord(RiskEngine):
    """A later rule can enlarge what an earlier one cut."""

    def review(self, proposal: SizedProposal, book: Book) -> Verdict:
        verdict = super().review(proposal, book)
        permitted = [objection.permitted_usd for objection in verdict.objections]
        return replace(verdict, approved_usd=permitted[-1]) if permitted else verdict


@pytest.mark.slow
@pytest.mark.req("E1")
def test_whatever_the_rules_nothing_is_enlarged():
    tried(never_enlarges, some_rules, proposals, books, on=RiskEngine)
    with pytest.raises((AssertionError, ArithmeticError)):
        tried(never_enlarges, some_rules, proposals, books, on=TakesTheLastWord, until_broken=True)


def one_more_never_permits_more(
    engine: type[RiskEngine], chosen: list[Any], extra: Any, proposal: SizedProposal, book: Book, on_breach: str
) -> None:
    before = engine(chosen, on_breach=on_breach).review(proposal, book)
    after = engine([*chosen, extra], on_breach=on_breach).review(proposal, book)

    assert after.approved_usd <= before.approved_usd


@pytest.mark.slow
@pytest.mark.req("E1")
def test_one_more_rule_never_permits_more():
    world = (some_rules, rules, proposals, books, st.sampled_from(["trim", "deny"]))
    tried(one_more_never_permits_more, *world, on=RiskEngine)
    with pytest.raises((AssertionError, ArithmeticError)):
        tried(one_more_never_permits_more, *world, on=TakesTheLastWord, until_broken=True)


def order_is_irrelevant(
    engine: type[RiskEngine], chosen: list[Any], shuffled: Any, proposal: SizedProposal, book: Book
) -> None:
    one, other = engine(chosen).review(proposal, book), engine(shuffled(chosen)).review(proposal, book)

    assert one.approved_usd == other.approved_usd
    assert sorted(map(repr, one.objections)) == sorted(map(repr, other.objections))


class StopsAtTheFirst(RiskEngine):
    """Asks no further once a rule has objected."""

    def review(self, proposal: SizedProposal, book: Book) -> Verdict:
        verdict = super().review(proposal, book)
        if not verdict.objections:
            return verdict
        return Verdict(proposal, verdict.objections[0].permitted_usd, verdict.objections[:1])


@pytest.mark.slow
@pytest.mark.req("E1", "STR3")
def test_the_order_of_the_rules_is_irrelevant_and_all_are_asked():
    shuffles = st.randoms(use_true_random=False).map(lambda rng: lambda all_: rng.sample(all_, len(all_)))
    world = (some_rules, shuffles, sound_proposals, books)
    tried(order_is_irrelevant, *world, on=RiskEngine)
    with pytest.raises(AssertionError):
        tried(order_is_irrelevant, *world, on=StopsAtTheFirst, until_broken=True)


def cap_holds_exactly(rule: type[PositionCap], pct: Decimal, proposal: SizedProposal, book: Book) -> None:
    """In fractions, where nothing rounds: worst case held, working and approved ≤ cap."""
    approved = RiskEngine([rule(pct)]).review(proposal, book).approved_usd
    if approved <= 0:
        return

    asset = (Fraction(usd) for (_, symbol), usd in book.exposure.items() if symbol == proposal.symbol)
    cap = Fraction(book.nlv_usd) * Fraction(pct) / 100 * min(1, Fraction(proposal.multiplier))
    assert sum(asset) + Fraction(approved) * Fraction(proposal.cost_factor) <= cap


class ForgetsFees(PositionCap):
    def check(self, proposal: SizedProposal, book: Book) -> Any:
        return super().check(replace(proposal, cost_factor=Decimal(1)), book)


@pytest.mark.slow
@pytest.mark.req("E1", "E2")
@pytest.mark.parametrize("mutant", [ForgetsFees, IgnoresWorkingOrders])
def test_after_approval_the_worst_case_is_within_the_cap_exactly(mutant):
    world = (st.decimals(0, 30, places=3), buys, calm_books)
    tried(cap_holds_exactly, *world, on=PositionCap)
    with pytest.raises(AssertionError):
        tried(cap_holds_exactly, *world, on=mutant, until_broken=True)


def cannot_overspend_together(engine: type[RiskEngine], candidates: list[SizedProposal], book: Book) -> None:
    total_pct = 15
    for verdict in engine(every_rule(5, total_pct)).review_all(candidates, book):
        if verdict.approved_usd > 0 and verdict.proposal.side is Side.BUY:
            book = book.after(verdict.proposal, verdict.approved_usd)
            assert book.free_cash_usd >= 0
            assert book.total_exposure_usd <= book.nlv_usd * total_pct / 100
            assert book.symbol_exposure_usd(verdict.proposal.symbol) <= book.nlv_usd * 5 / 100
            assert len(book.open_symbols) <= 4


class JudgesEachAlone(RiskEngine):
    """Judges every proposal against the book as it was, so that two of them can spend the same room."""

    def review_all(self, candidates: Any, book: Book) -> tuple[Verdict, ...]:
        return tuple(self.review(one, book) for one in candidates)


@pytest.mark.req("E1", "E2", "PACE")
def test_one_instants_proposals_cannot_together_overspend():
    world = (st.lists(buys, min_size=2, max_size=6), calm_books)
    tried(cannot_overspend_together, *world, on=RiskEngine)
    with pytest.raises(AssertionError):
        tried(cannot_overspend_together, *world, on=JudgesEachAlone, until_broken=True)


UNKNOWNS = {
    "product": [None],
    "reference_price": [*NOT_NUMBERS, Decimal(0), Decimal(-1)],
    "notional_usd": [*NOT_NUMBERS, Decimal(-1)],
    "size": [*NOT_NUMBERS, Decimal(-1)],
}
OF_THE_FEED = {
    "quote": [
        None,
        a_quote(time=NO_TIME),
        a_quote(time=NOW + timedelta(seconds=1)),
        a_quote(time=NOW.replace(tzinfo=None)),
    ],
    "health": [FeedHealth()],
    "exchange_down": [True],
}
"""What stops an exit as well, by default."""
UNKNOWN_TO_A_BUY = {
    **OF_THE_FEED,
    "product": [None, *(a_product(flags=frozenset({flag})) for flag in ProductFlag)],
    "cost_factor": [*NOT_NUMBERS, Decimal(0)],
    "multiplier": [Decimal("NaN"), Decimal("-Infinity")],
    "conviction": [float("nan"), None, "sure"],
    "stop_loss_pct": [*NOT_NUMBERS],
    "take_profit_pct": [*NOT_NUMBERS],
    "strategy": ["stranger"],
    "tier": ["tier9"],
    "eligible": [False],
}
ROOMY = RiskEngine(every_rule(40, 90))


@pytest.mark.req("R2", "E1")
@pytest.mark.parametrize(("field", "values"), [*UNKNOWNS.items(), *UNKNOWN_TO_A_BUY.items()])
def test_what_is_unknown_permits_nothing(field, values):
    book, fine = a_book(position_usd=300), a_buy(200)

    assert ROOMY.review(fine, book).approved_usd == 200
    for value in values:
        verdict = ROOMY.review(replace(fine, **{field: value}), book)
        assert verdict.denied, value
        assert verdict.objections, value


@pytest.mark.req("R2")
@pytest.mark.parametrize(("field", "values"), UNKNOWNS.items())
def test_what_is_unknown_about_the_sale_itself_stops_even_an_exit(field, values):
    book, fine = a_book(position_usd=300), a_sell(2)

    assert ROOMY.review(fine, book).approved_usd == 200
    for value in values:
        assert ROOMY.review(replace(fine, **{field: value}), book).denied, value


@pytest.mark.req("R2")
@pytest.mark.parametrize(("field", "values"), UNKNOWN_TO_A_BUY.items())
def test_what_is_unknown_about_anything_else_stops_no_exit(field, values):
    book = a_book(position_usd=300)

    for value in values:
        if field not in ("strategy", "product", *OF_THE_FEED):
            assert ROOMY.review(replace(a_sell(2), **{field: value}), book).approved_usd == 200, value


@pytest.mark.req("E1")
@pytest.mark.parametrize("figure", ["nlv_usd", "cash_usd", "reserved_usd"])
@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_a_book_with_a_number_that_is_none_permits_no_entry_and_every_exit(figure, value):
    book = replace(a_book(position_usd=300), **{figure: value})

    assert ROOMY.review(a_buy(200), book).denied
    assert ROOMY.review(a_sell(2), book).approved_usd == 200


MAY_STOP_A_SELL = {
    "Schema", "NoShorts", "TradingStateGate", "MinNotional", "StaleQuote", "StaleBar", "ProductHealth", "ExchangeDown"
}  # fmt: skip
"""Schema, no-shorts, dust and minimum notional, halted and killed, staleness by policy, health of product and venue."""


@pytest.mark.req("U3", "E1")
@ENOUGH
@given(real_rules, sells, books)
def test_only_the_listed_rules_may_stop_or_shrink_a_sell(rule, sell, book):
    if type(rule).__name__ not in MAY_STOP_A_SELL:
        assert rule.check(sell, book) is None


@pytest.mark.req("R1")
def test_each_of_the_listed_rules_does_stop_one():
    disabled = a_product(flags=frozenset({ProductFlag.DISABLED}))
    dust = a_sell(Decimal("0.00001"), product=disabled, quote=None, health=FeedHealth(), exchange_down=True)
    halted = a_book(state=TradingState.HALTED)
    said = {
        type(rule).__name__
        for sell in (dust, replace(dust, product=None))
        for rule in every_rule()
        if rule.check(sell, halted) is not None
    }

    assert said == MAY_STOP_A_SELL


@pytest.mark.req("ST1", "NF1")
@ENOUGH
@given(sells, books)
def test_where_policy_lets_exits_pass_staleness_stops_none(sell, book):
    for rule in (StaleQuote(exits_when_stale="allow"), StaleBar(exits_when_stale="allow")):
        assert rule.check(sell, book) is None


@pytest.mark.req("ST1", "EX1", "O1")
@ENOUGH
@given(reported_buys, calm_books)
def test_what_the_feed_reports_stops_an_entry_whole_or_not_at_all(buy, book):
    for rule in every_rule():
        if type(rule).__name__ in ("StaleQuote", "StaleBar", "Outlier", "Spread", "ProductHealth", "ExchangeDown"):
            objection = rule.check(buy, book)
            assert objection is None or objection.permitted_usd == 0


@pytest.mark.req("E1")
@ENOUGH
@given(st.lists(st.one_of(real_rules, grumblers), max_size=5), buys, books)
def test_on_breach_deny_takes_an_entry_whole_or_not_at_all_with_the_same_record(chosen, buy, book):
    trimmed = RiskEngine(chosen, on_breach="trim").review(buy, book)
    denied = RiskEngine(chosen, on_breach="deny").review(buy, book)

    assert denied.approved_usd in (Decimal(0), buy.notional_usd)
    assert said_beyond_min_notional(denied) == said_beyond_min_notional(trimmed)


def said_beyond_min_notional(verdict: Verdict) -> list[str]:
    """As text, in which NaN is NaN; whether nouns that hold one are equal depends on the version of Python."""
    return [repr(one) for one in verdict.objections if one.risk_reason is not RiskReason.MIN_NOTIONAL]


def test_the_house_of_every_rule_is_frozen_and_has_no_memory():
    for rule in every_rule():
        assert rule.__dataclass_params__.frozen, rule
        assert not hasattr(rule, "__dict__"), rule
        assert all(field.init for field in fields(rule)), rule
