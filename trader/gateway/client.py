"""
What the live-cycle notebook works with: one cycle, seen from the kernel.

The kernel holds no key and no state: it reads the snapshot, runs the
strategies on it, and hands their proposals in.  Whatever it does beside that
changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from trader.errors import TraderError
from trader.features import WindowFeatures
from trader.gateway import account_tables, contract, views
from trader.gateway.account_view import AccountView
from trader.gateway.desk_info import DeskInfo
from trader.gateway.line import Line
from trader.gateway.shown import Shown
from trader.guard import AuditGuard, SignalTimer
from trader.loader import load_strategy
from trader.model.codec import dumps, loads
from trader.model.decision import Decision, Proposals, StrategyReport
from trader.model.market import Snapshot
from trader.registry import FAILED, SKIPPED, LoadedStrategy, Registry


class LiveCycle:
    """One cycle: its snapshot, the proposals the strategies make on it, and what the gateway decides."""

    def __init__(self, line: Line, cycle_id: str) -> None:
        self._line, self.id = line, cycle_id
        self._proposals: Proposals | None = None
        self._decision: Decision | None = None
        self._account: AccountView | None = None

    @cached_property
    def desk(self) -> DeskInfo:
        """Whose desk it is and which strategies run."""
        return loads(DeskInfo, self._line.ask("GET", "/v1/desk"))

    @cached_property
    def snapshot(self) -> Snapshot:
        """All that is known at this instant."""
        return loads(Snapshot, self._line.ask("GET", f"/v1/cycles/{self.id}/snapshot"))

    @property
    def account(self) -> AccountView:
        """The account as it stood when it was last asked for: before the decision, and once after it."""
        if self._account is None:
            self._account = loads(AccountView, self._line.ask("GET", "/v1/account"))
        return self._account

    @property
    def proposals(self) -> Proposals:
        """What the strategies propose; they are asked once."""
        if self._proposals is None:
            self._proposals = collect(self.desk, self.snapshot)
        return self._proposals

    def submit(self, proposals: Proposals | None = None) -> Decision:
        """Hand the proposals in; what the gateway decided and carried out.  Once more gives the same answer."""
        body = dumps(proposals or self.proposals)
        self._decision = loads(Decision, self._line.ask("POST", f"/v1/cycles/{self.id}/proposals", body))
        self._account = None
        return self._decision

    @property
    def decision(self) -> Decision:
        """What was decided on this cycle; submits if nobody has."""
        return self._decision or self.submit()

    def summary(self) -> Mapping[str, Any]:
        """The cycle in a few numbers, for its result line."""
        return contract.summary(self.proposals, self.decision)

    def contract(self) -> str:
        """What was seen and decided, in canonical text: the same for the same snapshot, to the last character."""
        return contract.text(self.snapshot, self.proposals, self.decision)

    def overview(self) -> Shown:
        """Where we stand: the instant, the weather, the account."""
        return views.overview(self.desk, self.snapshot, self.account)

    def quotes(self) -> Shown:
        """Every symbol's quote, and the bar it has just closed."""
        return views.quotes(self.snapshot)

    def universe(self) -> Shown:
        """Who may be traded, who may not, and the number that decided it."""
        return views.universe(self.snapshot)

    def wishes(self) -> Shown:
        """What the strategies propose, and how each of them fared."""
        return views.proposals(self.proposals)

    def verdicts(self) -> Shown:
        """What risk made of each candidate, and every objection with its numbers."""
        return views.verdicts(self.decision)

    def orders(self) -> Shown:
        """What was ordered and what became of it, and what was executed since the cycle before."""
        return account_tables.orders(self.decision, self.account)

    def book(self) -> Shown:
        """What is held, how it is protected, and how much of every cap that uses."""
        return account_tables.book(self.account)

    def __repr__(self) -> str:
        return repr(self.overview())

    def _repr_html_(self) -> str:
        return self.overview()._repr_html_()


def collect(desk: DeskInfo, snapshot: Snapshot) -> Proposals:
    """
    The proposals of every strategy of *desk* that is due, each within its time and its fence.

    One whose file cannot be loaded is reported as failed and stops no other.
    """
    defaults = json.loads(desk.defaults_json)
    guard = AuditGuard()
    loaded: list[LoadedStrategy] = []
    reports: list[StrategyReport] = []
    for stanza in desk.stanzas:
        if not stanza.enabled:
            reports.append(StrategyReport(stanza.name, SKIPPED, "(disabled)"))
            continue
        try:
            path = Path(desk.strategies_dir) / f"{stanza.name}.py"
            loaded.append(load_strategy(path, stanza.back(), defaults, guard))
        except TraderError as error:
            reports.append(StrategyReport(stanza.name, FAILED, str(error)))
    registry = Registry(loaded, SignalTimer(), guard, desk.timeout_seconds)
    found = registry.collect(snapshot, WindowFeatures(loaded, snapshot.bars))
    if not found.reports and not any(report.outcome == FAILED for report in reports):
        return found
    return Proposals(found.snapshot_id, found.as_of, found.proposals, (*found.reports, *reports))
