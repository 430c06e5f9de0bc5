"""
What the gateway lets in from the kernel: nothing on trust.

The kernel runs user code, so all it sends is checked again here: the snapshot
it speaks of, whose name it speaks in, and which symbols it was asked about.
What fails is dropped and said; the rules judge the rest.
"""

from __future__ import annotations

from dataclasses import replace

from trader.model.decision import Proposals, StrategyReport
from trader.model.market import Snapshot
from trader.model.trading import TradeProposal

MAX_PROPOSALS = 10_000
"""More than any sane kernel sends in one cycle; beyond it nothing is read."""


def admit(proposals: Proposals, snapshot: Snapshot, allowed: frozenset[str]) -> Proposals:
    """
    *proposals* without what must not pass: another snapshot's, a strategy that is not enabled, an unknown symbol.
    A report with outcome `refused` says what was dropped and why.
    """
    if proposals.snapshot_id != snapshot.id or proposals.as_of != snapshot.as_of:
        return _none(proposals, snapshot, f"they answer snapshot {proposals.snapshot_id}, not {snapshot.id}")
    if len(proposals.proposals) > MAX_PROPOSALS:
        return _none(proposals, snapshot, f"{len(proposals.proposals)} proposals, more than {MAX_PROPOSALS}")
    kept: list[TradeProposal] = []
    refused: list[StrategyReport] = []
    for proposal in proposals.proposals:
        why = _fault(proposal, snapshot, allowed)
        if why:
            refused.append(StrategyReport(proposal.strategy, "refused", why))
        else:
            kept.append(proposal)
    return replace(proposals, proposals=tuple(kept), reports=(*proposals.reports, *refused))


def _fault(proposal: TradeProposal, snapshot: Snapshot, allowed: frozenset[str]) -> str:
    if proposal.strategy not in allowed:
        return f"strategy {proposal.strategy!r} is not enabled here"
    if proposal.symbol not in snapshot.membership:
        return f"{proposal.symbol} is not in the snapshot"
    return ""


def _none(proposals: Proposals, snapshot: Snapshot, why: str) -> Proposals:
    report = StrategyReport("", "refused", f"all proposals dropped: {why}")
    return Proposals(snapshot.id, snapshot.as_of, (), (*proposals.reports, report))
