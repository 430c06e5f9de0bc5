"""A secret in a config file stops the start, and is never echoed; what is no secret passes."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest

from tests.config.working_copy import WorkingCopy
from trader.config.secret_values import looks_secret, masked

HOME = "keys come from the environment or a secret file, never from config"
HEX = hashlib.sha256(b"canary").hexdigest()
BASE64 = base64.b64encode(hashlib.sha512(b"canary").digest()).decode()
PEM = "-----BEGIN EC PRIVATE " + "KEY-----\nMHcCAQEE" + BASE64[:40] + "\n-----END EC PRIVATE " + "KEY-----\n"
CANARIES = {
    "a PEM key": PEM,
    "a PEM key in base64": base64.b64encode(PEM.encode()).decode(),
    "a Coinbase API key": "organizations/"
    "1b2c3d4e-0000-4000-8000-1234567890ab/apiKeys/9f8e7d6c-1111-4111-8111-ba0987654321",
    "an AWS key": "AKIA" + "IOSFODNN7EXAMPLE",
    "an access token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4",  # pragma: allowlist secret
    "a signed token": "eyJ" + "hbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "a bot token": "123456789" + ":AAF0abcdefghijklmnopqrstuvwxyzABCDE",
    "a password in a URL": "https://me:hunter2hunter2" + "@example.com/hook",
    "a key in hex or base64": BASE64,
}
KINDS = [pytest.param(kind, value, id=kind) for kind, value in [*CANARIES.items(), ("a key in hex or base64", HEX)]]


@pytest.mark.req("SEC1", "C1")
@pytest.mark.parametrize(("kind", "value"), KINDS)
def test_a_secret_is_refused_by_its_key_and_not_echoed(copy: WorkingCopy, kind: str, value: str) -> None:
    copy.edit("strategies", "params: {} #", f'params: {{note: "{value}"}} #')

    assert copy.problems() == [f"config/strategies.yaml: sma_cross.params.note: looks like {kind}; {HOME}"]


@pytest.mark.req("SEC1")
@pytest.mark.parametrize(("kind", "value"), KINDS)
@pytest.mark.parametrize(
    "place",
    [
        "mode: '{}'",
        "account: [{}]",
        "'{}': 1",
        "paths: {{var: '{}', '{}': 1}}",
        "seed: 7 # {}",
        "seed: 7: '{}'",
        "'{}': 1\n'{}': 2",
        "seed: &a '{}'",
    ],
)
def test_no_message_about_anything_near_it_echoes_it(copy: WorkingCopy, kind: str, value: str, place: str) -> None:
    flat = value.replace("\n", " ")
    copy.append("app", "\n" + place.replace("{}", flat).replace("{{", "{").replace("}}", "}") + "\n")

    said = "\n".join(copy.problems(f"app.seed={flat}", f"{flat}=1", f"app.{flat}=x"))

    assert kind
    for piece in (flat, flat[:24], flat[-24:]):
        assert piece not in said


@pytest.mark.req("SEC1")
def test_a_secret_in_a_comment_is_told_with_its_line(copy: WorkingCopy) -> None:
    copy.edit("app", "seed: 7", f"seed: 7 # {HEX}")

    line = copy.line_of("app", HEX)
    assert copy.problems() == [f"config/app.yaml: line {line}: looks like a key in hex or base64; {HOME}"]


@pytest.mark.req("SEC1")
@pytest.mark.parametrize("key", ["api_key", "password", "apikey", "coinbase_api_secret", "auth_token", "private-key"])
def test_a_key_that_is_called_a_secret_holds_one(copy: WorkingCopy, key: str) -> None:
    copy.edit("strategies", "params: {} #", f"params: {{{key}: hunter2}} #")

    assert copy.problems() == [f"config/strategies.yaml: sma_cross.params.{key}: holds a secret by its name; {HOME}"]


@pytest.mark.req("SEC1")
@pytest.mark.parametrize(
    "text",
    [
        "BTC-USD",
        "/tmp/pytest-of-somebody/pytest-12/test_a_very_long_name_indeed_0/var/lake/sub",
        "reports/backtests/2025-02-24_to_2025-03-05/mean_reversion_and_breakout/report",
        "max_triggers_per_cycle_and_strategy_and_symbol_and_timeframe",
        "1b2c3d4e-0000-4000-8000-1234567890ab",
        "10000000000000000000000000000000000",
        "sma_cross",
        "COINBASE_API_KEY_FILE",
    ],
)
def test_ordinary_text_is_no_secret(text: str) -> None:
    assert looks_secret(text) is None
    assert masked(text) == text


@pytest.mark.req("SEC1")
def test_of_a_hundred_random_keys_at_most_one_passes() -> None:
    rng = random.Random(7)
    keys = [base64.b64encode(rng.randbytes(48)).decode() for _ in range(300)] + [
        rng.randbytes(24).hex() for _ in range(300)
    ]

    assert sum(looks_secret(key) is None for key in keys) <= 6


def test_showing_masks_what_slipped_through(copy: WorkingCopy) -> None:
    config = copy.load("app.account=main")

    assert HEX not in str(config.redacted())
    assert masked(f"before {HEX} after") == "before (masked) after"
