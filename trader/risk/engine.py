"""
Ask every rule, keep the smallest answer.

Whatever the rules, their order or their number, nothing here can enlarge a
proposal; what no rule can compute is an objection.  The proposals of one
instant are judged in turn, each against the book the earlier ones leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trader.model.book import Book, Performance
from trader.model.decision import Trip
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, TradingState, Unit, Verdict
from trader.risk.rule import BUY, SELL, Breaker, EntriesOnly, Rule, refusal
from trader.risk.rules.min_notional import MinNotional
from trader.risk.rules.schema import Schema

NOWHERE = Decimal("Infinity")
A_LITTLE_MORE = Decimal("1.000000001")
"""Far more than rounding in a breaker's percentage can make of a floor."""


class RiskEngine:
    """
    The rules and breakers of one desk; of what was, it remembers nothing.

    *on_breach* "trim" approves the room that is left, "deny" turns down an entry that does not fit whole;
    the objections are the same.
    """

    __slots__ = ("_denies", "_minimums", "_on_exits", "_safe_above", "_schemas", "breakers", "rules")

    def __init__(self, rules: Sequence[Rule], breakers: Sequence[Breaker] = (), on_breach: str = "trim") -> None:
        assert on_breach in ("trim", "deny"), on_breach
        self.rules = tuple(rules)
        self.breakers = tuple(breakers)
        self._safe_above: tuple[Decimal, Decimal, Decimal, Decimal] = (ZERO, ZERO, ZERO, NOWHERE)
        self._denies = on_breach == "deny"
        self._minimums = tuple(rule for rule in self.rules if isinstance(rule, MinNotional))
        self._schemas = tuple(rule for rule in self.rules if isinstance(rule, Schema))
        self._on_exits = tuple(rule for rule in self.rules if not isinstance(rule, EntriesOnly))

    def review(self, proposal: SizedProposal, book: Book) -> Verdict:
        """
        The verdict on *proposal* alone, with all objections in the rules' order; every rule that could object is asked.

        A proposal with a defect has no numbers the other rules could judge: the schema alone is asked, and says no.
        """
        objections = []
        if proposal.defects:
            asked = self._schemas or self.rules
        else:
            asked = self._on_exits if proposal.side is SELL else self.rules
        for rule in asked:
            try:
                objection = rule.check(proposal, book)
            except ArithmeticError:  # NaN compared, infinity subtracted, division by no price: unknown is an objection
                objection = refusal(RiskReason.UNKNOWN_STATE, ZERO, ZERO, Unit.RATIO, type(rule).__name__)
            if objection is not None:
                objections.append(objection)

        wanted = _sound(proposal.notional_usd)
        if not objections:
            return Verdict(proposal, wanted)

        approved = min(wanted, *(_sound(objection.permitted_usd) for objection in objections))
        if approved < wanted:
            approved = self._worth_having(proposal, approved, objections)
        return Verdict(proposal, approved, tuple(objections))

    def review_all(self, candidates: Iterable[SizedProposal], book: Book) -> tuple[Verdict, ...]:
        """
        Verdicts on one instant's *candidates*, in the order they were judged: exits first, then entries, each as given.

        The integrator gives entries by conviction, then priority, then name, so that is who gets scarce room.
        """
        given = tuple(candidates)
        if len(given) == 1:
            return (self.review(given[0], book),)
        exits_first = [one for one in given if one.side is SELL] + [one for one in given if one.side is not SELL]
        verdicts: list[Verdict] = []
        for proposal in exits_first:
            if verdicts and verdicts[-1].approved_usd > ZERO:
                book = book.after(verdicts[-1].proposal, verdicts[-1].approved_usd)
            verdicts.append(self.review(proposal, book))
        return tuple(verdicts)

    def trips(self, book: Book) -> tuple[Trip, ...]:
        """Every breaker that trips; none while entries are stopped already, for only the operator moves back."""
        if book.state is not TradingState.ACTIVE:
            return ()
        now = book.performance
        peak, day_start, week_start, safe_above = self._safe_above
        if now.peak is not peak or now.day_start is not day_start or now.week_start is not week_start:
            floor = self.nav_floor(now)
            safe_above = ZERO if floor is None else floor * A_LITTLE_MORE  # worked out again only when these change
            self._safe_above = (now.peak, now.day_start, now.week_start, safe_above)
        if now.nav > safe_above:
            return ()
        return tuple([trip for breaker in self.breakers if (trip := breaker.check(book)) is not None])

    def nav_floor(self, performance: Performance) -> Decimal | None:
        """The highest nav at or below which some breaker could trip; None without breakers."""
        return max((breaker.nav_floor(performance) for breaker in self.breakers), default=None)

    def _worth_having(self, proposal: SizedProposal, approved: Decimal, objections: list[Objection]) -> Decimal:
        """*approved*, unless entries are taken whole or not at all, or so little cannot be traded."""
        if self._denies and proposal.side is BUY:
            return ZERO
        if approved > ZERO:
            for rule in self._minimums:
                objection = rule.check_amount(proposal, approved)
                if objection is not None:
                    objections.append(objection)
                    return ZERO
        return approved


def _sound(usd: Decimal) -> Decimal:
    """*usd*, or nothing where that is negative or no number."""
    return usd if usd.is_finite() and usd > ZERO else ZERO
