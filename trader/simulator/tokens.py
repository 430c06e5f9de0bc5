"""
Is this call signed by a key we know, for this very call, and now?

Everything the real venue is known to check, and its clock may be set off; the
answer says which check failed, for the log alone: the caller only learns 401.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import jwt

from trader.simulator.bounds import demand
from trader.simulator.keys import ApiKey
from trader.simulator.settings import values_of

NONCES_KEPT = 10_000
JWS = jwt.PyJWS(algorithms=["ES256", "EdDSA"])


@dataclass(slots=True)
class TokenRules:
    """What may be turned on the check; seconds."""

    leeway_seconds: float = 0.0
    clock_skew_seconds: float = 0.0
    """How far the venue's idea of now is ahead of the host's: for tokens, in the Date header and at /time."""
    algorithms: tuple[str, ...] = ("ES256", "EdDSA")
    refuse_reused_nonce: bool = False

    def __post_init__(self) -> None:
        demand("tokens", values_of(self))


class TokenCheck:
    """Verifies tokens of the registered keys."""

    def __init__(self, keys: Iterable[ApiKey], wall: Callable[[], float], rules: TokenRules | None = None) -> None:
        self.keys = {key.name: key for key in keys}
        self.rules = rules or TokenRules()
        self._wall = wall
        self._nonces: set[str] = set()
        self._order: deque[str] = deque()

    def check(self, token: str, uri: str | None, ahead: float | None = None) -> ApiKey | str:
        """The key that signed *token* for *uri* (None: a WebSocket token, which has none), or what is wrong."""
        ahead = self.rules.clock_skew_seconds if ahead is None else ahead
        try:
            header = header_of(token)
            key = self.keys.get(str(header.get("kid")))
            if key is None:
                return "kid is unknown"
            if header.get("alg") not in self.rules.algorithms or header.get("alg") != key.algorithm:
                return f"alg {header.get('alg')} is not accepted"
            claims = json.loads(JWS.decode(token, key.public, algorithms=[key.algorithm]))
        except (jwt.InvalidTokenError, ValueError) as error:
            return f"not a token of ours: {error}"
        if not isinstance(claims, dict):
            return "not a token of ours: no claims"
        return self._claims(claims, key, uri, ahead) or self._nonce(header.get("nonce")) or key

    def _claims(self, claims: dict[str, object], key: ApiKey, uri: str | None, ahead: float) -> str | None:
        now = self._wall() + ahead
        not_before, expires = claims.get("nbf"), claims.get("exp")
        if claims.get("sub") != key.name:
            return "sub is not the key's name"
        if claims.get("iss") != "cdp":
            return "iss is not cdp"
        if not isinstance(not_before, int | float) or not isinstance(expires, int | float):
            return "nbf or exp is missing"
        if now < not_before - self.rules.leeway_seconds:
            return "nbf is in the future"
        if now > expires + self.rules.leeway_seconds:
            return "exp is over"
        if claims.get("uri") != uri:
            return f"uri is {claims.get('uri')!r}, wanted {uri!r}"
        return None

    def _nonce(self, nonce: object) -> str | None:
        if not isinstance(nonce, str) or not nonce:
            return "nonce is missing"
        reused = nonce in self._nonces
        if not reused:
            self._nonces.add(nonce)
            self._order.append(nonce)
            if len(self._order) > NONCES_KEPT:
                self._nonces.discard(self._order.popleft())
        return "nonce was used before" if reused and self.rules.refuse_reused_nonce else None


def header_of(token: str) -> dict[str, object]:
    """What stands before the first dot, unverified; read here because PyJWT would take the whole token apart twice."""
    text = token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(header, dict):
        raise ValueError("the header is not an object")
    return header
