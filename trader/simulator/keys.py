"""
Throw-away API keys for the simulated venue, in the form the SDK reads.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from trader.simulator.tls import write_private

VIEW, TRADE, TRANSFER = "view", "trade", "transfer"
SCOPES = frozenset({VIEW, TRADE, TRANSFER})
ALL_SCOPES = frozenset({VIEW, TRADE})

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as both sides know it: the venue needs *name*, *public* and *scopes*, the caller name and *secret*."""

    name: str
    secret: str
    public: PublicKey
    algorithm: str
    scopes: frozenset[str] = ALL_SCOPES

    def write(self, path: Path) -> Path:
        """The key file the SDK takes, readable by its owner alone."""
        write_private(path, json.dumps({"name": self.name, "privateKey": self.secret}))
        return path


def new_key(algorithm: str = "ES256", scopes: frozenset[str] = ALL_SCOPES) -> ApiKey:
    """A fresh key for ES256 or EdDSA."""
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PrivateFormat.TraditionalOpenSSL
    else:
        private = ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.PKCS8
    secret = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    name = f"organizations/{uuid.uuid4()}/apiKeys/{uuid.uuid4()}"
    return ApiKey(name, secret, private.public_key(), algorithm, scopes)
