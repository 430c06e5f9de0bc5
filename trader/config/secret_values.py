"""
What looks like a secret.

Keys come from the environment or a secret file; a value that looks like one is
refused wherever it stands in a config file, and never echoed (SEC1).
"""

from __future__ import annotations

import math
import re
from collections import Counter

MASK = "(masked)"
HOME = "keys come from the environment or a secret file, never from config"

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a PEM key",
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}(?:KEY|CERTIFICATE)-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.S),
    ),
    ("a PEM key in base64", re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]*")),
    ("a Coinbase API key", re.compile(r"organizations/[^\s/]{1,64}/apiKeys/[^\s'\"]*", re.I)),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,}")),
    ("an access token", re.compile(r"\b(?:gh[pousr]_|github_pat_|xox[abeprs]-|sk_live_|sk-|glpat-)[A-Za-z0-9_-]{16,}")),
    ("a signed token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")),
    ("a bot token", re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{30,}")),
    ("a password in a URL", re.compile(r"(?<=://)[^\s/:@]{1,128}:[^\s/@]{1,256}(?=@)")),
)
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_RUN = re.compile(r"[A-Za-z0-9]+")
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:secret|password|passphrase|passwd|token|api_?key|private_?key|mnemonic|seed_phrase)$"
)
_MIXED_RUN, _LONG_RUN, _BITS = 16, 32, 3.0


def looks_secret(text: str) -> str | None:
    """What kind of secret *text* looks like; None when it looks like none."""
    for kind, shape in _SHAPES:
        if shape.search(text):
            return kind
    return "a key in hex or base64" if any(_is_random(token[0]) for token in _TOKEN.finditer(text)) else None


def names_a_secret(key: str) -> bool:
    """A key of this name holds one whatever it looks like; a key that only names a variable (`…_env`) does not."""
    return bool(_SECRET_NAME.search(key.lower().replace("-", "_")))


def masked(text: str) -> str:
    """*text* with everything that looks like a secret replaced."""
    for _, shape in _SHAPES:
        text = shape.sub(MASK, text)
    return _TOKEN.sub(lambda token: MASK if _is_random(token[0]) else token[0], text)


def _is_random(token: str) -> bool:
    """Long unbroken runs of mixed letters and digits: words, paths and symbols have none."""
    return any(_is_random_run(run[0]) for run in _RUN.finditer(token))


def _is_random_run(run: str) -> bool:
    if len(run) < _MIXED_RUN or not re.search(r"\d", run) or not re.search(r"[A-Za-z]", run):
        return False
    long_enough = len(run) >= _LONG_RUN or (re.search("[a-z]", run) and re.search("[A-Z]", run))
    return bool(long_enough) and _bits_per_character(run) >= _BITS


def _bits_per_character(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
