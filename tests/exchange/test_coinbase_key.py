"""A key that cannot be used is a sentence before anything is sent; and no sentence, log or pickle holds a key."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import traceback
from dataclasses import replace
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.exchange.coinbase_worlds import HostTime, a_key, a_server, an_order, http, settings_for, wire_to
from tests.simulator.conftest import on_stage
from trader.exchange.coinbase import CoinbaseWire
from trader.exchange.coinbase_failures import KeyRefused
from trader.exchange.coinbase_key import (
    KEY_VARIABLE,
    SECRET_VARIABLE,
    BadKey,
    demand_trade_permission,
    key_from_environment,
    key_from_file,
)
from trader.model.wire import Terms
from trader.ports import Refused, WireDown
from trader.simulator.keys import VIEW, new_key

MADE = new_key()
KINDS = serialization.PrivateFormat


def pem(key, kind=KINDS.PKCS8, password=None):
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, lock).decode()


def raw_ed25519(twice=False):
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.private_bytes_raw() + (key.public_key().public_bytes_raw() if twice else b"")
    return base64.b64encode(raw).decode()


def write(tmp_path, content):
    path = tmp_path / "key.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.req("SEC1")
@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(pem(ec.generate_private_key(ec.SECP256R1()), KINDS.TraditionalOpenSSL), id="SEC1 PEM"),
        pytest.param(pem(ec.generate_private_key(ec.SECP256R1())), id="PKCS8 PEM"),
        pytest.param(pem(ec.generate_private_key(ec.SECP256R1())).replace("\n", "\\n"), id="in one line"),
        pytest.param(pem(ed25519.Ed25519PrivateKey.generate()), id="Ed25519 PEM"),
        pytest.param(raw_ed25519(), id="Ed25519 base64"),
        pytest.param(raw_ed25519(twice=True), id="Ed25519 base64 of 64 bytes"),
    ],
)
def test_every_form_the_venue_hands_out_is_taken_and_signs(tmp_path, secret):
    key = key_from_file(write(tmp_path, {"id": "organizations/x/apiKeys/y", "privateKey": secret}))
    environ = {KEY_VARIABLE: "name", SECRET_VARIABLE: secret, "PATH": "/bin"}
    other = key_from_environment(environ)

    assert environ == {"PATH": "/bin"}
    assert key.name.reveal() == "organizations/x/apiKeys/y"
    assert key.fingerprint != other.fingerprint
    assert len(key.fingerprint) == 16
    wire = CoinbaseWire.connect(settings_for("127.0.0.1:1", None), key, clock=HostTime())
    assert wire._session._client.set_headers("GET", "/x")["Authorization"].startswith("Bearer ey")


@pytest.mark.req("SEC1")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("{", "is not the JSON object", id="not JSON"),
        pytest.param("[1]", "is not the JSON object", id="a list"),
        pytest.param({"privateKey": MADE.secret}, "no text at name", id="no name"),
        pytest.param({"name": MADE.name}, "no text at privateKey", id="no key"),
        pytest.param({"name": 7, "privateKey": {}}, "no text at name and privateKey", id="no texts"),
        pytest.param({"name": "n", "privateKey": MADE.name}, "neither PEM nor base64", id="a password"),
        pytest.param({"name": "n", "privateKey": MADE.secret[:-60]}, "broken PEM", id="a PEM cut short"),
        pytest.param({"name": "n", "privateKey": base64.b64encode(b"x" * 40).decode()}, "40 bytes", id="wrong length"),
        pytest.param(
            {"name": "n", "privateKey": pem(ec.generate_private_key(ec.SECP384R1()))}, "curve secp384r1", id="P-384"
        ),
        pytest.param({"name": "n", "privateKey": pem(rsa.generate_private_key(65537, 2048))}, "another kind", id="RSA"),
        pytest.param(
            {"name": "n", "privateKey": pem(ec.generate_private_key(ec.SECP256R1()), password=MADE.name.encode())},
            "has a password",
            id="encrypted",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_a_sentence_that_repeats_nothing_of_it(tmp_path, content, words):
    path = write(tmp_path, content)

    with pytest.raises(BadKey) as caught:
        key_from_file(path)

    told = "".join(traceback.format_exception(caught.value))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert caught.value.__context__ is None
    assert not any(line in told for line in path.read_text()[12:-4].split("\\n") if len(line) > 15)


def test_a_missing_file_and_half_an_environment_are_sentences(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadKey, match=r"none\.json: no such file or directory; exchange\.coinbase\.key_file"):
        key_from_file(tmp_path / "none.json")
    with pytest.raises(BadKey, match="binary: is not text"):
        key_from_file(tmp_path / "binary")
    environ = {SECRET_VARIABLE: MADE.secret}
    with pytest.raises(BadKey, match="COINBASE_API_KEY is not set"):
        key_from_environment(environ)
    assert environ == {}
    assert key_from_environment({}) is None


@pytest.mark.req("SEC1")
def test_a_key_shows_itself_nowhere(tmp_path):
    key = a_key(MADE)
    wire = CoinbaseWire.connect(settings_for("127.0.0.1:1", None), key, clock=HostTime())
    inner = MADE.secret.splitlines()[1]

    for text in (repr(key), str(key), f"{key.secret}", f"{key}", repr(vars(wire)), repr(wire._session)):
        assert inner not in text
        assert MADE.name not in text
    assert repr(key.secret) == "***"
    for holder in (key, key.secret, wire):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(holder)
        with pytest.raises(TypeError, match="not pickled"):
            copy.deepcopy(holder)


@pytest.mark.slow
@pytest.mark.req("SEC1")
@pytest.mark.parametrize("what", ["token", "name", "secret"])
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Nowhere", "500 Oops", "200 OK"])
def test_a_venue_that_echoes_our_token_does_not_bring_it_into_a_sentence_or_a_log(tmp_path, status, what, capfd):
    def echo(plug, request):
        token = request.decode().partition("Bearer ")[2].split()[0]
        first = {"token": token, "name": MADE.name, "secret": MADE.secret}[what]
        body = f"{first} {request.decode()}"
        plug.sendall(http(json.dumps({"error": "E", "message": body}) if "4" in status else body, status))

    with a_server(tmp_path, echo) as (server, settings), pytest.raises(WireDown) as caught:
        CoinbaseWire.connect(settings, a_key(MADE), clock=HostTime()).balances()

    token = server.asked[0].decode().partition("Bearer ")[2].split()[0]
    told = "".join(traceback.format_exception(caught.value)) + "".join(capfd.readouterr())
    assert len(token) > 200
    assert all(
        word not in told for word in (token[:60], token.split(".")[1][:60], MADE.name, *MADE.secret.splitlines()[1:3])
    )
    assert logging.getLogger("coinbase.RESTClient").level == logging.CRITICAL


def test_a_key_without_trade_permission_is_refused_before_an_order_and_by_the_venue(tmp_path):
    looks = new_key(scopes=frozenset({VIEW}))
    with on_stage(tmp_path, more_keys=(looks,)) as stage:
        wire = wire_to(stage, key=looks)
        with pytest.raises(BadKey, match="has no trade permission; give it view and trade at the venue, not transfer"):
            demand_trade_permission(wire.terms(), wire.host)
        answer = wire.place(an_order("may not"))
        told = wire.cancel(["0-1"])

        assert isinstance(answer, Refused)
        assert "the API key may not do this: 403 PERMISSION_DENIED Missing required scopes" in answer.reason
        assert "may not do this" in told["0-1"]
        assert stage.venue.orders == {}
        wire.close()
    terms = Terms(Decimal(40), Decimal(60), can_view=True, can_trade=True, can_transfer=False)
    demand_trade_permission(terms, "here")
    with pytest.raises(BadKey, match="no view permission"):
        demand_trade_permission(replace(terms, can_view=False), "here")


def test_a_key_nobody_knows_and_a_clock_that_is_off_are_told(tmp_path):
    with on_stage(tmp_path) as stage:
        stranger = wire_to(stage, key=new_key())
        with pytest.raises(
            KeyRefused, match="the key is unknown or revoked there, or this host's clock is off"
        ) as caught:
            stranger.balances()
        assert caught.value.exit_code == 2
        stage.direct("/tokens", clock_skew_seconds=-60)
        known = wire_to(stage)
        with pytest.raises(KeyRefused, match=r"clock is 6\d s ahead of the venue's: mend the clock"):
            known.balances()
        answer = known.place(an_order("off by a minute"))
        assert isinstance(answer, Refused)
        assert "mend the clock" in answer.reason
        assert stage.venue.orders == {}
        stranger.close()
        known.close()


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("Sun, 22 Nov 2020 12:00:00 GMT", " s ahead of the venue's: mend the clock"),
        ("Sun, 22 Nov 2037 12:00:00 GMT", " s behind the venue's: mend the clock"),
        ("yesterday", "the key is unknown or revoked there"),
    ],
)
def test_the_venues_date_tells_a_wrong_clock_from_a_wrong_key(tmp_path, date, words):
    answer = http("Unauthorized\n", "401 Unauthorized", f"Date: {date}\r\n")
    with a_server(tmp_path, answer) as (_, settings), pytest.raises(KeyRefused, match=words):
        CoinbaseWire.connect(settings, a_key(), clock=HostTime()).balances()
