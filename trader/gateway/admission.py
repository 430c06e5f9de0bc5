"""
What the gateway lets in from the kernel: nothing on trust.

The kernel runs user code, so all it sends is checked again here: the snapshot
it speaks of, whose name it speaks in, and what that strategy was asked about.
What fails is dropped and said; the rules judge the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from trader.gateway.desk_info import StrategyFacts
from trader.model.decision import Proposals, StrategyReport
from trader.model.market import Snapshot
from trader.model.trading import TradeProposal

MAX_PROPOSALS = 10_000
"""More than any sane kernel sends in one cycle; beyond it nothing is read."""
MAX_REPORTS = 1_000
MAX_CHARS, MAX_TAGS = 1_000, 50
"""Of any one text, and of tags: the record keeps them for ever."""
REFUSED = "refused"


class Admission:
    """The door for the proposals of *strategies*; every name in *known* may report."""

    def __init__(self, strategies: Iterable[StrategyFacts], known: Iterable[str] = ()) -> None:
        self._facts = {facts.name: facts for facts in strategies}
        self._known = {*known, *self._facts}

    def admit(self, proposals: Proposals, snapshot: Snapshot) -> Proposals:
        """
        *proposals* without what must not pass: another snapshot's, a strategy that does not run, a symbol it was not
        asked about, texts without end.  A report with outcome `refused` says what was dropped and why.
        """
        if proposals.snapshot_id != snapshot.id or proposals.as_of != snapshot.as_of:
            return self._none(snapshot, f"they answer snapshot {proposals.snapshot_id:.80}, not {snapshot.id}")
        if len(proposals.proposals) > MAX_PROPOSALS or len(proposals.reports) > MAX_REPORTS:
            return self._none(snapshot, f"{len(proposals.proposals)} proposals and {len(proposals.reports)} reports")
        kept: list[TradeProposal] = []
        refused: list[StrategyReport] = []
        for proposal in proposals.proposals:
            why = self._fault(proposal, snapshot)
            if why:
                refused.append(StrategyReport(f"{proposal.strategy!s:.80}", REFUSED, why))
            else:
                kept.append(proposal)
        reports = tuple(_short(one) for one in proposals.reports if one.strategy in self._known)
        if not refused and len(reports) == len(proposals.reports):
            return replace(proposals, reports=reports)
        return replace(proposals, proposals=tuple(kept), reports=(*reports, *refused[:MAX_REPORTS]))

    def _fault(self, proposal: TradeProposal, snapshot: Snapshot) -> str:
        if type(proposal.strategy) is not str or proposal.strategy not in self._facts:
            return f"strategy {proposal.strategy!r:.80} is not enabled here"
        facts = self._facts[proposal.strategy]
        if type(proposal.symbol) is not str or proposal.symbol not in snapshot.membership:
            return f"{proposal.symbol!r:.80} is not in the snapshot"
        if proposal.symbol not in snapshot.closed.get(facts.timeframe_seconds, ()):
            return f"{proposal.symbol}: no bar of {facts.timeframe_seconds} s has just closed; nobody was asked"
        if facts.symbols is not None and proposal.symbol not in facts.symbols:
            return f"{proposal.symbol} is not among the strategy's symbols"
        if len(f"{proposal.reason!s}") > MAX_CHARS or len(f"{proposal.tags!s}") > MAX_CHARS * MAX_TAGS:
            return f"{proposal.symbol}: a reason or tags of more than {MAX_CHARS} characters"
        return ""

    @staticmethod
    def _none(snapshot: Snapshot, why: str) -> Proposals:
        report = StrategyReport("", REFUSED, f"all proposals dropped: {why}")
        return Proposals(snapshot.id, snapshot.as_of, (), (report,))


def _short(report: StrategyReport) -> StrategyReport:
    if len(report.detail) <= MAX_CHARS and len(report.outcome) <= MAX_CHARS:
        return report
    return replace(report, detail=report.detail[:MAX_CHARS], outcome=report.outcome[:MAX_CHARS])
