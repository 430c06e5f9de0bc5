"""
What a run says: one plain line for each cycle, and one document at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trader.model.events import Event, OrderFilled
from trader.model.trading import TradingState
from trader.ops.verdict import NotebookVerdict
from trader.reporting.wording import plural

if TYPE_CHECKING:
    from trader.gateway.account_view import Bare
    from trader.gateway.core import Cycle
    from trader.model.decision import StrategyReport

LINE_CHARS = 160
"""How much of a reason stands in a line."""


@dataclass(frozen=True, slots=True)
class CycleTold:
    """One cycle in numbers; *fills* are those since the cycle before."""

    as_of: str
    cycle_id: str
    regime: str
    proposals: int
    approved: int
    trimmed: int
    denied: int
    orders: int
    fills: int
    nlv_usd: float
    notebook: str
    cell: int | None
    detail: str
    record: str
    milliseconds: int
    unprotected: list[str] = field(default_factory=list)
    """A sentence for each position whose stop should rest at the venue and does not."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why, for each strategy that failed or had proposals refused at the gateway's door."""

    def line(self) -> str:
        """For a person."""
        judged = [f"{count} {word}" for word, count in (("approved", self.approved), ("trimmed", self.trimmed),
                                                        ("denied", self.denied)) if count]  # fmt: skip
        verdicts = f" ({', '.join(judged)})" if judged else ""
        where = f" at cell [{self.cell}]" if self.cell else ""
        bare = f"  {len(self.unprotected)} WITHOUT A STOP AT THE VENUE" if self.unprotected else ""
        said = f": {_short(self.detail)}" if self.detail else ""
        failed = f"  {', '.join(self.failures)} FAILED: {_short(*self.failures.values())}" if self.failures else ""
        return (
            f"{self.as_of[:16].replace('T', ' ')}  {self.regime:<5}  "
            f"{plural(self.proposals, 'proposal')}{verdicts}, {plural(self.orders, 'order')}, "
            f"{plural(self.fills, 'fill')}  NLV ${self.nlv_usd:,.2f}  "
            f"notebook {self.notebook.replace('_', ' ')}{where}  {self.milliseconds} ms{bare}{said}{failed}"
        )


@dataclass(frozen=True, slots=True)
class FailedTold:
    """In how many *cycles* a strategy failed, and the *first* reason."""

    cycles: int
    first: str


@dataclass(slots=True)
class Told:
    """
    A whole run; *ended* says why it is over, *fingerprint* is over every fill of the account, *failures* are by
    strategy, *state* is that of trading at the end, *unwritten* a sentence for each executed notebook that was
    lost.
    """

    mode: str
    account: str
    source: str
    ended: str = ""
    exit_code: int = 0
    skipped: int = 0
    fills: int = 0
    nlv_usd: float = 0.0
    fingerprint: str = ""
    journal: str = ""
    journal_head: str = ""
    state: str = ""
    failures: dict[str, FailedTold] = field(default_factory=dict)
    unwritten: list[str] = field(default_factory=list)
    cycles: list[CycleTold] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)

    def line(self) -> str:
        """The last words for a person: the sum, what went wrong on the way, and where the record is."""
        skipped = f", {plural(self.skipped, 'slot')} skipped" if self.skipped else ""
        ran = f"{plural(len(self.cycles), 'cycle')}{skipped}, {plural(self.fills, 'fill')} in all"
        said = [f"{ran}, NLV ${self.nlv_usd:,.2f}; {self.ended}"]
        if self.state not in ("", TradingState.ACTIVE.value):
            said.append(f"trading is {self.state}; only `trader resume` lifts it")
        for name, failed in self.failures.items():
            said.append(f"strategy {name} failed in {plural(failed.cycles, 'cycle')}, first: {_short(failed.first)}")
        if self.unwritten:
            count = plural(len(self.unwritten), "executed notebook")
            said.append(f"{count} LOST, the record of what was decided is in the journal alone: {self.unwritten[0]}")
        return "\n".join([*said, f"journal: {self.journal}"])


class Voice(Protocol):
    """Somebody who is told while it happens."""

    def begun(self, told: Told) -> None: ...

    def cycle(self, told: CycleTold) -> None: ...

    def note(self, sentence: str) -> None: ...

    def critical(self, sentence: str) -> None:
        """Somebody must act, or know at once; may come from any thread."""


def told(
    cycle: Cycle, happened: Iterable[Event], nlv_usd: float, verdict: NotebookVerdict, seconds: float,
    unprotected: Iterable[Bare] = (),
) -> CycleTold:  # fmt: skip
    """One finished *cycle*, with what *happened* since it was begun and what is held *unprotected* at its end."""
    from trader.gateway.contract import verdict_counts

    assert cycle.decision is not None
    assert cycle.proposals is not None
    decision = cycle.decision
    return CycleTold(
        as_of=decision.as_of.isoformat(),
        cycle_id=cycle.id,
        regime=cycle.snapshot.regime.value,
        proposals=len(cycle.proposals.proposals),
        **verdict_counts(decision.verdicts),
        orders=len(decision.intents),
        fills=sum(isinstance(event, OrderFilled) for event in happened),
        nlv_usd=round(nlv_usd, 2),
        notebook=verdict.status.value,
        cell=verdict.cell,
        detail="\n".join(filter(None, (verdict.error, verdict.record_error))),
        record=str(verdict.path),
        milliseconds=round(seconds * 1_000),
        unprotected=[one.sentence() for one in unprotected],
        failures=_failed(cycle.proposals.reports),
    )


def failures_of(cycles: Iterable[CycleTold]) -> dict[str, FailedTold]:
    """Every strategy that failed in one of *cycles*, by name."""
    found: dict[str, FailedTold] = {}
    for cycle in cycles:
        for name, why in cycle.failures.items():
            known = found.get(name, FailedTold(0, why))
            found[name] = FailedTold(known.cycles + 1, known.first)
    return dict(sorted(found.items()))


def _failed(reports: Iterable[StrategyReport]) -> dict[str, str]:
    """The first reason of each; what cannot be laid at anybody's door is everybody's."""
    from trader.gateway.admission import REFUSED
    from trader.registry import FAILED

    found: dict[str, str] = {}
    for report in reports:
        if report.outcome in (FAILED, REFUSED):
            found.setdefault(report.strategy or "every strategy", report.detail)
    return found


def _short(reason: str, *others: str) -> str:
    """The first line of the first."""
    lines = reason.strip().splitlines()
    return lines[0][:LINE_CHARS] if lines else "it does not say why"


def fills_of(events: Iterable[Event]) -> tuple[int, str]:
    """How many fills, and their fingerprint, as a report of the same fills has it."""
    from trader.backtest.outcome import fill_row
    from trader.reporting.canonical import fingerprint
    from trader.reporting.document import trade

    rows = [trade(fill_row(event.fill)) for event in events if isinstance(event, OrderFilled)]
    return len(rows), fingerprint(rows)
