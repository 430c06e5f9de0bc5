"""`trader run --mode live` against a venue, a key or a clock that is not as it should be: told, and nothing placed."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal

import pytest

from tests.gateway.live import LiveAccount
from tests.gateway.sessions import ROOT
from tests.simulator.conftest import on_stage
from trader.simulator.keys import VIEW, new_key

pytestmark = pytest.mark.slow

LOOKS_ONLY, STRANGER = new_key(scopes=frozenset({VIEW})), new_key()


@pytest.fixture(scope="module")
def armed(tmp_path_factory):
    """A venue and an armed account on it, whose key file may be spoilt."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "stage").mkdir()
    with on_stage(folder / "stage", speed=60, more_keys=(LOOKS_ONLY,), deposits={"USD": Decimal(20_000)}) as stage:
        right, stage.key_file = stage.key_file, folder / "key.json"
        shutil.copy(right, stage.key_file)
        account = LiveAccount(folder / "account", stage)
        account.arm()
        yield stage, account, right


@pytest.fixture
def venue(armed):
    stage, account, right = armed
    shutil.copy(right, stage.key_file)
    yield stage, account
    stage.direct("/faults", faults=[])
    stage.direct("/tokens", clock_skew_seconds=0)
    stage.key_file.unlink(missing_ok=True)


def cut_short(path):
    text = path.read_text()
    path.write_text(text[: len(text) // 2] + '"}')


TABLE = [
    ("no key file", lambda s: s.key_file.unlink(), 2, "key.json: no such file"),
    ("a file that is no key", lambda s: s.key_file.write_text("BTC"), 2, "key.json: is not the JSON object"),
    ("half a PEM", lambda s: cut_short(s.key_file), 2, "key.json: the private key is broken PEM"),
    ("a key nobody knows", lambda s: STRANGER.write(s.key_file), 2, "the key is unknown or revoked there"),
    ("a key that looks only", lambda s: LOOKS_ONLY.write(s.key_file), 2, "has no trade permission"),
    ("HTML for JSON", lambda s: s.fault("html_200"), 5, "it looks like HTML"),
    (
        "our clock fast",
        lambda s: s.direct("/tokens", clock_skew_seconds=-60),
        2,
        "s ahead of the venue's: mend the clock",
    ),
    (
        "our clock slow",
        lambda s: s.direct("/tokens", clock_skew_seconds=150),
        2,
        "s behind the venue's: mend the clock",
    ),
]


@pytest.mark.parametrize(("spoil", "code", "words"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_wrong_is_a_sentence_an_exit_code_and_no_order(venue, spoil, code, words):
    stage, account = venue
    spoil(stage)
    refused(stage, account.run(1), code, words)


def refused(stage, done, code, words):
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert stage.simulator.station.asked["create_order"] == 0
    assert stage.venue.orders == {}


def test_a_product_the_venue_does_not_list_is_named_and_nothing_is_placed(venue):
    stage, account = venue
    command = account.run_command(1, symbols="BTC-USD,NOSUCH-USD")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
    refused(stage, done, 2, "NOSUCH-USD")


def test_what_is_right_is_not_refused(venue):
    """Else the table above would prove nothing."""
    _, account = venue
    done = account.run(1)
    assert done.returncode == 0, done.stderr


def test_a_certificate_that_does_not_verify_is_told_and_nothing_is_sent(armed):
    """The last of them: there is no way back from it."""
    stage, account, right = armed
    shutil.copy(right, stage.key_file)
    before, creates = stage.simulator.station.count, stage.simulator.station.asked["create_order"]
    stage.direct("/certificate")
    done = account.run(1)
    assert (done.returncode, "its certificate does not verify" in done.stderr) == (5, True), done.stderr
    assert stage.simulator.station.count == before + 1
    assert stage.simulator.station.asked["create_order"] == creates
