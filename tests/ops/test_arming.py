from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trader.coinbase.trust import is_loopback
from trader.ops.arming import REHEARSAL, Armoury, Bound, NotArmed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOUND = Bound("main", "127.0.0.1:8443", REHEARSAL, "1.0", "c0ffee")


@pytest.fixture
def armoury(tmp_path):
    return Armoury(tmp_path, "live-main")


def armed(armoury, lasting=timedelta(hours=1)):
    return armoury.arm(BOUND, "ada", NOW, lasting)


@pytest.mark.req("M1")
def test_what_was_armed_is_armed_until_it_expires(armoury):
    armed(armoury)

    assert armoury.check(BOUND, NOW + timedelta(minutes=59)).by == "ada"
    with pytest.raises(NotArmed, match="expired at 2026-11-22T13:00:00"):
        armoury.check(BOUND, NOW + timedelta(hours=1))


@pytest.mark.req("M1")
@pytest.mark.parametrize(
    "change",
    [{"account": "other"}, {"host": "localhost:8443"}, {"engine_version": "1.1"}, {"config_hash": "decaf"}],
    ids=lambda change: next(iter(change)),
)
def test_each_thing_it_is_bound_to_voids_it_alone_and_is_named(armoury, change):
    armed(armoury)
    name, value = next(iter(change.items()))

    with pytest.raises(NotArmed, match=f"armed for {name} .*, not for {value}"):
        armoury.check(replace(BOUND, **change), NOW)


@pytest.mark.req("M1")
@pytest.mark.parametrize("host", ["api.coinbase.com", "10.0.0.1", "127.0.0.1.example.org:443", "", "localhost.example"])
def test_no_other_host_than_this_machine_can_be_armed_or_used(armoury, host):
    elsewhere = replace(BOUND, host=host)

    with pytest.raises(NotArmed, match="stays on this machine"):
        armoury.arm(elsewhere, "ada", NOW, timedelta(hours=1))
    with pytest.raises(NotArmed, match="stays on this machine"):
        armoury.check(elsewhere, NOW)


@pytest.mark.req("M1")
@pytest.mark.parametrize("scope", ["full", "canary", ""])
def test_there_is_no_other_scope_yet(armoury, scope):
    with pytest.raises(NotArmed, match="wait for their gates"):
        armoury.arm(replace(BOUND, scope=scope), "ada", NOW, timedelta(hours=1))


@pytest.mark.req("M1")
def test_a_record_that_was_touched_or_carried_here_is_void(armoury, tmp_path):
    armed(armoury)
    record = tmp_path / "live-main.armed.json"
    honest = json.loads(record.read_text())

    honest["armed"]["expires_at"] = (NOW + timedelta(days=300)).isoformat()
    record.write_text(json.dumps(honest))
    with pytest.raises(NotArmed, match="signature is wrong"):
        armoury.check(BOUND, NOW)

    armed(armoury)
    (tmp_path / "arming.key").write_bytes(b"another installation's")
    with pytest.raises(NotArmed, match="signature is wrong"):
        armoury.check(BOUND, NOW)
    (tmp_path / "arming.key").unlink()
    with pytest.raises(NotArmed, match="signing key is gone"):
        armoury.check(BOUND, NOW)


@pytest.mark.req("M1")
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"armed": 3, "signature": ""}', "\x00", '{"armed": {"bound": {}}}'])
def test_what_is_no_record_arms_nothing(armoury, tmp_path, text):
    (tmp_path / "live-main.armed.json").write_text(text)

    with pytest.raises(NotArmed, match="not an arming record"):
        armoury.check(BOUND, NOW)


@pytest.mark.req("M1")
def test_without_a_record_nothing_is_armed_and_files_are_private(armoury, tmp_path):
    with pytest.raises(NotArmed, match="nobody has armed"):
        armoury.check(BOUND, NOW)

    armed(armoury)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.req("M1")
@pytest.mark.parametrize("hours", [0, -1, 25])
def test_nobody_arms_for_ever_or_for_no_time(armoury, hours):
    with pytest.raises(NotArmed, match="at most"):
        armed(armoury, timedelta(hours=hours))


@pytest.mark.parametrize(
    ("host", "here"), [("localhost", True), ("[::1]:1", True), ("127.0.0.2:9", True), ("a", False)]
)
def test_loopback_is_told_from_elsewhere(host, here):
    assert is_loopback(host) is here


@pytest.mark.req("M1")
def test_where_the_record_cannot_be_written_nothing_is_armed_and_that_is_said(tmp_path):
    (tmp_path / "var").touch()

    with pytest.raises(NotArmed, match=r"live-main.armed.json: cannot be written: Not a directory; nothing was armed"):
        armed(Armoury(tmp_path / "var/run", "live-main"))
