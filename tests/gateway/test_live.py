"""Live, end to end: the real command, real kernels, the unmodified SDK, TLS, a venue that fails."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.gateway.live import ACCOUNT, LiveAccount
from tests.simulator.conftest import on_stage
from trader.model.events import OrderFilled, StateMoved, StopMissing
from trader.simulator.limits import LimitRules
from trader.state.journal import journal_path, verify
from trader.state.trail import trails

pytestmark = pytest.mark.slow

FAULTS = [
    {"route": "create_order", "kind": "drop_after", "probability": 0.06},
    {"route": "create_order", "kind": "status_after", "probability": 0.06},
    {"route": "create_order", "kind": "cut_body", "probability": 0.04},
    {"route": "create_order", "kind": "throttled", "probability": 0.05},
    {"route": "create_order", "kind": "silent_after", "probability": 0.05, "seconds": 6.0, "times": 3},
    {"route": "create_order", "kind": "late", "probability": 0.06, "seconds": 0.5},
    {"route": "cancel_orders", "kind": "lost_cancel", "probability": 0.2},
    {"route": "list_orders", "kind": "status_before", "probability": 0.03, "status": 503},
    {"route": "list_fills", "kind": "duplicate_fill", "probability": 0.2},
    {"route": "list_fills", "kind": "bad_json", "probability": 0.03},
    {"route": "get_order", "kind": "drop_before", "probability": 0.1},
    {"route": "accounts", "kind": "silent_after", "probability": 0.02, "seconds": 6.0, "times": 2},
    {"route": "ws_*", "kind": "gap", "calls": [400, 1_000, 1_600, 2_100]},
    {"route": "ws_*", "kind": "close", "calls": [700, 1_300], "status": 1006},
    {"route": "ws_*", "kind": "stall", "calls": [1_900]},
    {"route": "create_order", "kind": "drop_after", "calls": [2]},
    {"route": "create_order", "kind": "throttled", "calls": [4]},
    {"route": "create_order", "kind": "late", "calls": [6], "seconds": 0.5},
    {"route": "create_order", "kind": "status_after", "calls": [8]},
    {"route": "create_order", "kind": "cut_body", "calls": [10]},
    {"route": "create_order", "kind": "silent_after", "calls": [12], "seconds": 6.0},
    {"route": "cancel_orders", "kind": "lost_cancel", "calls": [2]},
    {"route": "get_order", "kind": "drop_before", "calls": [2]},
    {"route": "list_orders", "kind": "status_before", "calls": [9], "status": 503},
    {"route": "list_fills", "kind": "bad_json", "calls": [5]},
]
"""
Each of them must have struck by the end of the day; a call that is silent for six seconds has timed out.

By chance, and where a day on a slow machine may have too few calls for chance, by number too; the streams by number
alone, because making a connection anew takes some minutes of this venue's time, and costs the cycles in them.
"""
DAY = 48
"""Cycles, one every half an hour of a day: from the first mark to the last it is half an hour less than that."""
DAY_SPAN = timedelta(hours=23, minutes=30)
SPEED = 360
"""Five seconds for each of them: enough for a notebook, two orders and their stops on a busy machine."""


def room(folder: Path) -> Path:
    """Where the simulator keeps its papers."""
    made = folder / "stage"
    made.mkdir()
    return made


def no_secret_in(folder: Path, stage) -> None:
    secret = json.loads(Path(stage.key_file).read_text())["privateKey"].splitlines()[1]
    for path in folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


@pytest.mark.req("M1")
def test_live_is_refused_for_each_missing_condition_alone(tmp_path):
    with on_stage(room(tmp_path), speed=60) as stage:
        account = LiveAccount(tmp_path / "account", stage)

        unarmed = account.run(1)
        assert (unarmed.returncode, "nobody has armed" in unarmed.stderr) == (1, True), unarmed.stderr
        mistyped = account.trader("arm", typed="yes\n")
        assert (mistyped.returncode, "nothing was armed" in mistyped.stderr) == (1, True), mistyped.stderr

        account.arm()
        account.settings["policy.risk.max_open_positions.max_open_positions"] = 7
        changed = account.run(1)
        assert (changed.returncode, "armed for config_hash" in changed.stderr) == (1, True), changed.stderr

        account.settings["policy.execution.fees.taker_bps"] = 90
        account.arm()
        dearer = account.run(1)
        assert (dearer.returncode, "fee_margin_bps" in dearer.stderr) == (2, True), dearer.stderr
        assert not account.orders()


@pytest.mark.req("M1")
def test_a_real_venue_is_out_of_reach(tmp_path):
    with on_stage(room(tmp_path)) as stage:
        account = LiveAccount(tmp_path / "account", stage)
        account.settings["app.exchange.coinbase.rest_host"] = "api.coinbase.com"

        for done in (account.trader("arm", typed=f"rehearse {ACCOUNT} on api.coinbase.com\n"), account.run(1)):
            assert (done.returncode, "stays on this machine" in done.stderr) == (1, True), done.stderr


@pytest.mark.req("X1", "X2", "M1", "EXITS")
@pytest.mark.slow
def test_a_short_rehearsal_trades_and_its_books_are_the_venues(tmp_path):
    with on_stage(room(tmp_path), speed=60) as stage:
        account = LiveAccount(tmp_path / "account", stage)
        account.arm()

        done = account.run(5)

        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert [cycle["notebook"] for cycle in said["cycles"]] == ["complete"] * 5
        assert any(isinstance(event, OrderFilled) for event in account.events())
        assert account.agrees()["agrees"]
        assert stage.see("/")["audit"] == []
        no_secret_in(tmp_path / "account", stage)


@pytest.mark.req("EXITS")
def test_a_run_where_the_venue_takes_no_stops_says_so_wherever_somebody_looks(tmp_path):
    with on_stage(room(tmp_path), speed=60) as stage:
        stage.direct("/settings", stop_limit_on_spot=False)
        account = LiveAccount(tmp_path / "account", stage)
        account.arm()

        done = account.run(4)

        assert done.returncode == 0, done.stderr
        bare = [cycle for cycle in json.loads(done.stdout)["cycles"] if cycle["unprotected"]]
        said = "no stop rests at the venue for BTC-USD of pulse (the venue takes no stop in BTC-USD)"
        assert said in bare[0]["unprotected"]
        assert f"{said}; only this process protects it" in done.stderr
        assert "WITHOUT A STOP AT THE VENUE" in done.stderr
        assert "does not rest" in Path(bare[0]["record"]).read_text(encoding="utf-8")
        whys = {(event.symbol, event.why) for event in account.events() if isinstance(event, StopMissing)}
        assert {("BTC-USD", "the venue takes no stop in BTC-USD"), ("BTC-USD", "")} <= whys


@pytest.mark.req("K1")
@pytest.mark.slow
def test_a_killed_rehearsal_stays_killed_until_the_operator_has_typed_why(tmp_path):
    with on_stage(room(tmp_path), speed=60) as stage:
        account = LiveAccount(tmp_path / "account", stage)
        account.arm()
        (tmp_path / "account/var/run").mkdir(parents=True, exist_ok=True)
        (tmp_path / "account/var/run/KILL").write_text("it lies")

        assert account.run(1).returncode == 4
        assert not account.orders()
        kills = [event for event in account.events() if isinstance(event, StateMoved)]
        assert [(event.state.value, event.reason) for event in kills] == [("killed", "it lies")]

        assert account.trader("resume", "--mode", "live").returncode == 1
        assert account.trader("resume", "--mode", "live", "--acknowledge", "it lies").returncode == 0
        assert not (tmp_path / "account/var/run/KILL").exists()


@pytest.mark.prove
@pytest.mark.req("X1", "X2", "M1", "RATE")
@pytest.mark.timeout(900)
def test_a_day_at_speed_through_faults_ends_with_books_equal_to_the_cent(tmp_path):
    with on_stage(room(tmp_path), speed=SPEED, limits=LimitRules()) as stage:
        account = LiveAccount(tmp_path / "account", stage, timeframe="15m", interval=1_800, speed=SPEED)
        account.arm()
        stage.direct("/faults", faults=FAULTS, seed=11)

        done = account.run(DAY, timeout=800)
        fired = stage.see("/faults")["faults"]
        stage.direct("/faults", faults=[])

        assert done.returncode == 0, done.stderr
        struck = Counter[str]()
        for rule in fired:
            struck[f"{rule['kind']} on {rule['route']}"] += rule["fired"]
        print(struck)
        assert [name for name, count in struck.items() if not count] == []
        marks = [datetime.fromisoformat(cycle["as_of"]) for cycle in json.loads(done.stdout)["cycles"]]
        assert len(marks) == DAY and marks[-1] - marks[0] >= DAY_SPAN
        found = account.agrees()
        assert found["differences"] == [], (found, struck)
        assert found["strangers"] == []
        assert stage.see("/")["audit"] == []
        throttled = unasked_refusals(stage)
        assert throttled == [], throttled
        ours = [order["client_order_id"] for order in account.orders()]
        assert len(ours) == len(set(ours)) >= 40
        assert sum(isinstance(event, OrderFilled) for event in account.events()) >= 25
        gaps = {one: trail.gaps() for one, trail in trails(account.events()).items() if trail.gaps()}
        assert gaps == {}
        assert verify(journal_path(tmp_path / "account/var", "live", ACCOUNT)).damage == ""
        no_secret_in(tmp_path / "account", stage)


def unasked_refusals(stage) -> list[tuple[str, str]]:
    """Every 429 that no rule of the plan gave: what the documented limits turned away."""
    log = list(stage.simulator.station.log)
    assert log[0].number == 1, "the log forgot its beginning"
    return [(line.time, line.route) for line in log if line.status == 429 and "throttled" not in line.faults]
