"""Nothing tracked looks like a secret, and each kind that is planted is found.  No planted key was ever real."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from tests.house.repository import tracked_files
from tests.house.secrets_scan import secrets_in

ROOT = Path(__file__).resolve().parents[2]
NOISE = hashlib.sha512(b"no key of anybody").digest()
KEY_NAME = "organizations/{0}/apiKeys/{0}".format("3f2c1a44-0000-4000-8000-" + NOISE.hex()[:12])


@pytest.mark.slow
def test_nothing_tracked_looks_like_a_secret():
    assert secrets_in(tracked_files(ROOT)) == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f'"name": "{KEY_NAME}"', id="the name of a Coinbase key"),
        pytest.param(f'"privateKey": "{base64.b64encode(NOISE).decode()}"', id="an Ed25519 key"),
        pytest.param("-----BEGIN EC " + "PRIVATE KEY-----", id="a PEM key"),
        pytest.param(f'api_secret = "{NOISE.hex()[:20]}"', id="a keyword"),
        pytest.param("AKIA" + NOISE.hex()[:16].upper(), id="a cloud key"),
    ],
)
@pytest.mark.parametrize("name", ["config.yaml", "notebook.ipynb", "module.py"])
def test_a_planted_secret_is_found(line, name, tmp_path):
    path = tmp_path / name
    path.write_text(f"fine\n{line}\n")

    found = secrets_in([path])

    assert found
    assert all(NOISE.hex()[:12] not in sentence for sentence in found)
