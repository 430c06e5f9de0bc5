"""
What every request goes through: log, faults, limits, token, scope, handler, faults again.

The order is the venue's: who is blocked or too fast learns nothing about his
token, and a token is looked at only where one is needed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trader.simulator import replies
from trader.simulator.calls import Call
from trader.simulator.faults import AFTER, BEFORE, Fault
from trader.simulator.keys import TRADE, ApiKey
from trader.simulator.refusal import BadRequest
from trader.simulator.replies import Broken, reply
from trader.simulator.spoil import spoiled
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
        for fault in before:
            early = await self._early(fault, body)
            if early is not None:
                return self._done(line, early)
        answer = self._admitted(request, body, line)
        if self.scope == TRADE and self._told_before():
            await self.station.tell_user()
        after = self.station.plan.draw(self.name, AFTER)
        line.faults += [fault.kind for fault in after]
        for fault in after:
            answer = await _late(fault, answer)
        return self._done(line, answer)

    def _told_before(self) -> bool:
        """Whether the user channel hears of it before the caller does."""
        when = self.station.venue.settings.updates
        return when == "before" or (when == "random" and self.station.chance.random() < 0.5)

    async def _early(self, fault: Fault, body: Any) -> Response | None:
        if fault.kind == "late":
            await asyncio.sleep(fault.seconds)
            return None
        if fault.kind == "lost_cancel":
            ids = body.get("order_ids", []) if isinstance(body, dict) else []
            words = {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}
            return reply({"results": [{**words, "order_id": order_id} for order_id in ids]})
        early: dict[str, Callable[[], Response]] = {
            "drop_before": lambda: Broken("reset", Response()),
            "unauthorized": replies.unauthorized,
            "blocked": replies.blocked,
            "throttled": lambda: replies.throttled(self.station.limits.rules.body),
            "status_before": lambda: Response(fault.body or '{"error":"INTERNAL"}', fault.status or 500),
        }
        return early[fault.kind]()

    def _admitted(self, request: Request, body: Any, line: Logged) -> Response:
        station = self.station
        if station.limits.blocked():
            return replies.blocked()
        key: ApiKey | None = None
        if self.scope is not None:
            found = self._key(request)
            if isinstance(found, str):
                line.note = found
                return replies.unauthorized()
            key = found
        caller = key.name if key else (request.client.host if request.client else "")
        if not station.limits.admit(caller, key is not None):
            return replies.throttled(station.limits.rules.body)
        if key is not None and self.scope not in key.scopes:
            return replies.no_scope()
        return self._headed(self._handled(request, body, key, line), caller, key is not None)

    def _key(self, request: Request) -> ApiKey | str:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            return "no token"
        uri = f"{request.method} {request.headers.get('host', '')}{request.url.path}"
        return self.station.tokens.check(token, uri)

    def _handled(self, request: Request, body: Any, key: ApiKey | None, line: Logged) -> Response:
        station = self.station
        station.advance()
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        call = Call(request.path_params, query, body if isinstance(body, dict) else {})
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

    def _done(self, line: Logged, answer: Response) -> Response:
        line.status = answer.status_code
        if 400 <= answer.status_code < 500:
            self.station.limits.count_error()
        return answer


async def _late(fault: Fault, whole: Response) -> Response:
    """*whole* with what *fault* does to it."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return whole
    makers: dict[str, Callable[[], Response]] = {
        "drop_after": lambda: Broken("reset", whole),
        "silent_after": lambda: Broken("reset", whole, fault.seconds),
        "cut_body": lambda: Broken("cut", whole),
        "drip": lambda: Broken("drip", whole, fault.seconds),
        "status_after": lambda: Response(
            fault.body or replies.BAD_GATEWAY, fault.status or 502, media_type="text/html"
        ),
        "empty_200": lambda: Response(b""),
        "html_200": lambda: Response("<html>hello</html>", media_type="text/html"),
        "bad_json": lambda: Response(bytes(whole.body)[:-1], media_type="application/json"),
    }
    return makers[fault.kind]() if fault.kind in makers else spoiled(fault, whole)


def _body(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return None
