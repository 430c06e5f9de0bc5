"""
What every request goes through: log, faults, limits, token, scope, handler, faults again.

The order is the venue's: who is blocked or too fast learns nothing about his
token, and a token is looked at only where one is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trader.simulator import replies
from trader.simulator.calls import Call
from trader.simulator.faults import BEFORE, DONE, VENUE
from trader.simulator.faulty import befall, instead, spoil
from trader.simulator.keys import TRADE, ApiKey
from trader.simulator.refusal import BadRequest
from trader.simulator.replies import reply
from trader.simulator.station import Logged, Station

Handler = Callable[[Any, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Gate:
    """One route's way in; *scope* None is public."""

    station: Station
    name: str
    handler: Handler
    scope: str | None
    wants_key: bool = False

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        body = _body(await request.body())
        line = self.station.note(request.method, request.url.path, self.name, body)
        before = self.station.plan.draw(self.name, BEFORE)
        line.faults += [fault.kind for fault in before]
        ahead = self.station.tokens.rules.clock_skew_seconds
        ahead += sum(fault.seconds for fault in before if fault.kind == "skew")
        for fault in before:
            early = await instead(fault, self.station, body)
            if early is not None:
                return self._done(line, early, ahead)
        answer = self._admitted(request, body, line, ahead)
        if self.scope == TRADE and self._told_before():
            await self.station.tell_user()
        after = self.station.plan.draw(self.name, DONE)
        line.faults += [fault.kind for fault in after]
        for fault in after:
            if fault.kind in VENUE:
                befall(fault, self.station, line)
            else:
                answer = await spoil(fault, answer)
        return self._done(line, answer, ahead)

    def _told_before(self) -> bool:
        """Whether the user channel hears of it before the caller does."""
        when = self.station.venue.settings.updates
        return when == "before" or (when == "random" and self.station.chance.random() < 0.5)

    def _admitted(self, request: Request, body: Any, line: Logged, ahead: float) -> Response:
        station = self.station
        if station.limits.blocked():
            return replies.blocked()
        key: ApiKey | None = None
        if self.scope is not None:
            found = self._key(request, ahead)
            if isinstance(found, str):
                line.note = found
                return replies.unauthorized()
            key = found
        caller = key.name if key else (request.client.host if request.client else "")
        if not station.limits.admit(caller, key is not None):
            return replies.throttled(station.limits.rules.body)
        if key is not None and self.scope not in key.scopes:
            return replies.no_scope()
        return self._headed(self._handled(request, body, key, line, ahead), caller, key is not None)

    def _key(self, request: Request, ahead: float) -> ApiKey | str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            return "no token"
        uri = f"{request.method} {request.headers.get('host', '')}{request.url.path}"
        return self.station.tokens.check(token, uri, ahead)

    def _handled(
        self, request: Request, body: Any, key: ApiKey | None, line: Logged, ahead: float
    ) -> Response:  # fmt: skip
        station = self.station
        station.advance()
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        call = Call(request.path_params, query, body if isinstance(body, dict) else {}, ahead)
        try:
            if not isinstance(body, dict):
                raise BadRequest(400, "unknown", "proto: syntax error")
            return reply(self.handler(station.venue, call) if not self.wants_key else self.handler(key, call))
        except BadRequest as error:
            line.note = str(error)
            return reply(error.body, error.status)

    def _headed(self, answer: Response, caller: str, private: bool) -> Response:
        rules = self.station.limits.rules
        rate = rules.private_per_second if private else rules.public_per_second
        if rules.headers and rate is not None:
            answer.headers["x-ratelimit-limit"] = str(int(rate))
            answer.headers["x-ratelimit-remaining"] = str(self.station.limits.remaining(caller, private))
            answer.headers["x-ratelimit-reset"] = "1"
        return answer

    def _done(self, line: Logged, answer: Response, ahead: float) -> Response:
        line.status = answer.status_code
        answer.raw_headers.append((b"date", self.station.date(ahead)))
        if 400 <= answer.status_code < 500:
            self.station.limits.count_error()
        return answer


def _body(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return None
