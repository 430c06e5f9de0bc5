"""
The key: read once, checked before anything is sent, and never shown.

Nothing here repeats what it read, not even in an error, and a key refuses to be
pickled.  This module does not import the SDK, which copies the environment
when it is imported: read the key first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from trader.errors import TraderError
from trader.model.wire import Terms

KEY_VARIABLE, SECRET_VARIABLE = "COINBASE_API_KEY", "COINBASE_API_SECRET"  # pragma: allowlist secret
ED25519_BYTES = (32, 64)
WHERE = "make one at the venue (Advanced Trade, ECDSA) or start `trader simulator`, which makes its own"


class BadKey(TraderError):
    """The API key cannot be used."""


class Secret:
    """A text that shows itself to nobody who does not call `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What signs our calls."""

    name: Secret
    secret: Secret

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without saying what they are."""
        return hashlib.sha256(self.name.reveal().encode()).hexdigest()[:16]


def key_from_file(path: Path) -> ApiKey:
    """The key in a JSON file as the venue hands it out: `name` (or `id`) and `privateKey`."""
    where, text = f"key file {path}", _text_of(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BadKey(f"{where}: is not the JSON object the venue hands out, with `name` and `privateKey`; {WHERE}")
    name, secret = content.get("name") or content.get("id"), content.get("privateKey")
    missing = [word for word, value in (("name", name), ("privateKey", secret)) if not value or type(value) is not str]
    if missing:
        raise BadKey(f"{where}: has no text at {' and '.join(missing)}; {WHERE}")
    return _checked(str(name), str(secret), where)


def _text_of(path: Path) -> str:
    problem = "is not text"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = error.strerror or "cannot be read"
    except UnicodeDecodeError:
        pass
    raise BadKey(f"key file {path}: {problem.lower()}; exchange.coinbase.key_file names the API key's file; {WHERE}")


def key_from_environment(environ: MutableMapping[str, str]) -> ApiKey | None:
    """
    The key in COINBASE_API_KEY and COINBASE_API_SECRET, taken out of *environ* so that no child inherits it; None
    where neither is set.
    """
    name, secret = environ.pop(KEY_VARIABLE, ""), environ.pop(SECRET_VARIABLE, "")
    if not name and not secret:
        return None
    if not name or not secret:
        lacking = SECRET_VARIABLE if name else KEY_VARIABLE
        raise BadKey(f"environment: {lacking} is not set; a key needs {KEY_VARIABLE} and {SECRET_VARIABLE}")
    return _checked(name, secret, f"environment: {SECRET_VARIABLE}")


def _checked(name: str, secret: str, where: str) -> ApiKey:
    written = secret.replace("\\n", "\n")
    problem = _problem(written)
    if problem:
        raise BadKey(f"{where}: the private key {problem}; wanted is a P-256 or Ed25519 key in PEM; {WHERE}")
    return ApiKey(Secret(name), Secret(written))


def _problem(secret: str) -> str:
    """Why the venue could not take signatures by *secret*; nothing of it is repeated."""
    if not secret.lstrip().startswith("-----BEGIN"):
        try:
            raw = base64.b64decode("".join(secret.split()), validate=True)
        except (binascii.Error, ValueError):
            return "is neither PEM nor base64"
        return "" if len(raw) in ED25519_BYTES else f"is base64 of {len(raw)} bytes, not of 32 or 64"
    try:
        key = load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "is broken PEM, or has a password"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "" if isinstance(key.curve, ec.SECP256R1) else f"is on the curve {key.curve.name}"
    return "" if isinstance(key, ed25519.Ed25519PrivateKey) else "is of another kind (RSA?)"


def demand_trade_permission(terms: Terms, host: str) -> None:
    """Refuse a key that may not trade, before an order would."""
    if not (terms.can_view and terms.can_trade):
        lacking = "trade" if terms.can_view else "view"
        raise BadKey(
            f"{host}: the API key has no {lacking} permission; give it view and trade at the venue, not transfer"
        )
