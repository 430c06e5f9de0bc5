"""
What the live-cycle notebook imports: one cycle, seen from the kernel.

The kernel holds no key and no state: it reads the snapshot, runs the
strategies on it, and hands their proposals in.  Whatever it does beside that
changes nothing.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from trader.errors import ExchangeUnreachable, TraderError
from trader.features import WindowFeatures
from trader.gateway.desk_info import DeskInfo
from trader.loader import load_strategies
from trader.model.codec import loads
from trader.model.decision import Decision, Proposals
from trader.model.market import Snapshot
from trader.registry import Registry
from trader.timers import SignalTimer

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 30.0


class Line(Protocol):
    """How the kernel reaches the gateway."""

    def get(self, path: str) -> str:
        """The answer's text; TraderError with the gateway's sentence where it refuses."""

    def post(self, path: str, body: str) -> str:
        """The answer's text; TraderError with the gateway's sentence where it refuses."""


class SocketLine:
    """HTTP over the gateway's unix socket."""

    def __init__(self, path: Path | str) -> None:
        import httpx

        self._path = str(path)
        transport = httpx.HTTPTransport(uds=self._path)
        self._client = httpx.Client(transport=transport, base_url="http://gateway", timeout=TIMEOUT_SECONDS)

    def get(self, path: str) -> str:
        return self._ask("GET", path, None)

    def post(self, path: str, body: str) -> str:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: str | None) -> str:
        import httpx

        try:
            response: httpx.Response = self._client.request(method, path, content=body)
        except httpx.HTTPError as error:
            raise ExchangeUnreachable(f"{self._path}: the gateway does not answer ({type(error).__name__})") from error
        if response.status_code != 200:
            raise TraderError(response.text)
        return response.text


class LiveCycle:
    """One cycle: its snapshot, the proposals the strategies make on it, and what the gateway decides."""

    def __init__(self, line: Line, cycle_id: str) -> None:
        self._line, self.id = line, cycle_id
        self.proposals: Proposals | None = None
        self.decision: Decision | None = None

    @cached_property
    def desk(self) -> DeskInfo:
        """Which strategies run."""
        return loads(DeskInfo, self._line.get("/v1/desk"))

    @cached_property
    def snapshot(self) -> Snapshot:
        """All that is known at this instant."""
        return loads(Snapshot, self._line.get(f"/v1/cycles/{self.id}/snapshot"))

    def propose(self) -> Proposals:
        """Run the strategies on the snapshot, here."""
        desk = self.desk
        loaded = load_strategies(Path(desk.strategies_dir), desk.stanzas)
        registry = Registry(loaded, SignalTimer(), timeout_seconds=desk.timeout_seconds)
        self.proposals = registry.collect(self.snapshot, WindowFeatures(loaded, self.snapshot.bars))
        return self.proposals

    def submit(self, proposals: Proposals | None = None) -> Decision:
        """Hand the proposals in; what the gateway decided and carried out."""
        from trader.model.codec import dumps

        handed = proposals or self.proposals or self.propose()
        self.decision = loads(Decision, self._line.post(f"/v1/cycles/{self.id}/proposals", dumps(handed)))
        return self.decision

    def book(self) -> dict[str, Any]:
        """Cash, positions and working orders as they stand, plain values."""
        import json

        found: dict[str, Any] = json.loads(self._line.get("/v1/book"))
        return found
