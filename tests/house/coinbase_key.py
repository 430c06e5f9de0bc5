"""A detect-secrets rule: the name of a Coinbase API key, and the key file that comes with it."""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector


class CoinbaseKeyDetector(RegexBasedDetector):
    """`organizations/<uuid>/apiKeys/<uuid>`, or a base64 Ed25519 secret of 64 bytes under its usual key."""

    secret_type = "Coinbase API key"  # pragma: allowlist secret
    denylist = (
        re.compile(r"organizations/[0-9a-fA-F-]{36}/apiKeys/[0-9a-fA-F-]{36}"),
        re.compile(r"[\"']?privateKey[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/]{86}==[\"']"),
    )
