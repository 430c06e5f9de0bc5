"""
The director's desk of a rehearsal, on a port of its own that no caller of the API can reach by its base URL.

Plain JSON over HTTP on loopback: faults, clock, settings, flags, money, the
log, and the truth about every order to judge the caller by.  What is done here
leaves a line in the log, as every request does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trader.errors import TraderError
from trader.simulator import desk
from trader.simulator.bounds import BadSettings
from trader.simulator.refusal import BadRequest
from trader.simulator.station import DESK, Station

Action = Callable[[Station, dict[str, Any]], Any]
NOTE_MAX = 500
"""So much of what the director asked for is kept in the log."""
ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "/"): desk.overview,
    ("GET", "/faults"): desk.get_faults,
    ("POST", "/faults"): desk.set_faults,
    ("GET", "/log"): desk.get_log,
    ("POST", "/clock"): desk.set_clock,
    ("POST", "/settings"): desk.set_settings,
    ("POST", "/limits"): desk.set_limits,
    ("POST", "/tokens"): desk.set_tokens,
    ("POST", "/listings"): desk.set_listing,
    ("POST", "/deposit"): desk.deposit,
    ("POST", "/restate"): desk.restate,
    ("GET", "/truth"): desk.truth,
    ("POST", "/streams"): desk.direct_streams,
    ("POST", "/restart"): desk.restart,
    ("POST", "/certificate"): desk.renew_certificate,
}


def admin(station: Station) -> Starlette:
    """The desk as an ASGI application."""
    return Starlette(
        routes=[Route(path, _endpoint(station, action), methods=[method]) for (method, path), action in ACTIONS.items()]
    )


def _endpoint(station: Station, action: Action) -> Any:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        line = None if request.method == "GET" else station.note(request.method, request.url.path, DESK, None)
        answer = _done(station, action, raw, dict(request.query_params))
        if line is not None:
            line.status, line.note = answer.status_code, raw[:NOTE_MAX].decode(errors="replace")
        return answer

    return endpoint


def _done(station: Station, action: Action, raw: bytes, query: dict[str, Any]) -> Response:
    try:
        station.advance()
        asked = (
            json.loads(raw) if raw else {name: int(text) if text.isdigit() else text for name, text in query.items()}
        )
        if not isinstance(asked, dict):
            raise BadSettings('wanted a JSON object, such as {"step_seconds": 60}')
        return JSONResponse(action(station, asked))
    except BadRequest as error:
        return JSONResponse(error.body, error.status)
    except (TraderError, KeyError, ValueError, ArithmeticError) as error:
        return JSONResponse({"error": str(error)}, 400)
