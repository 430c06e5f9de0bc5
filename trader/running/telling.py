"""
What a run says: one plain line for each cycle, and one document at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trader.model.events import Event, OrderFilled
from trader.ops.verdict import NotebookVerdict
from trader.reporting.wording import plural

if TYPE_CHECKING:
    from trader.gateway.account_view import Bare
    from trader.gateway.core import Cycle


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

    def line(self) -> str:
        """For a person."""
        judged = [f"{count} {word}" for word, count in (("approved", self.approved), ("trimmed", self.trimmed),
                                                        ("denied", self.denied)) if count]  # fmt: skip
        verdicts = f" ({', '.join(judged)})" if judged else ""
        where = f" at cell [{self.cell}]" if self.cell else ""
        bare = f"  {len(self.unprotected)} WITHOUT A STOP AT THE VENUE" if self.unprotected else ""
        said = f": {self.detail.splitlines()[0]:.160}" if self.detail else ""
        return (
            f"{self.as_of[:16].replace('T', ' ')}  {self.regime:<5}  "
            f"{plural(self.proposals, 'proposal')}{verdicts}, {plural(self.orders, 'order')}, "
            f"{plural(self.fills, 'fill')}  NLV ${self.nlv_usd:,.2f}  "
            f"notebook {self.notebook.replace('_', ' ')}{where}  {self.milliseconds} ms{bare}{said}"
        )


@dataclass(slots=True)
class Told:
    """A whole run; *ended* says why it is over, *fingerprint* is over every fill of the account."""

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
    cycles: list[CycleTold] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)

    def line(self) -> str:
        """The last line for a person."""
        skipped = f", {plural(self.skipped, 'slot')} skipped" if self.skipped else ""
        return (
            f"{plural(len(self.cycles), 'cycle')}{skipped}, {plural(self.fills, 'fill')} in all, "
            f"NLV ${self.nlv_usd:,.2f}; {self.ended}\njournal: {self.journal}"
        )


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
        detail=verdict.error or verdict.record_error or "",
        record=str(verdict.path),
        milliseconds=round(seconds * 1_000),
        unprotected=[one.sentence() for one in unprotected],
    )


def fills_of(events: Iterable[Event]) -> tuple[int, str]:
    """How many fills, and their fingerprint, as a report of the same fills has it."""
    from trader.backtest.outcome import fill_row
    from trader.reporting.canonical import fingerprint
    from trader.reporting.document import trade

    rows = [trade(fill_row(event.fill)) for event in events if isinstance(event, OrderFilled)]
    return len(rows), fingerprint(rows)
