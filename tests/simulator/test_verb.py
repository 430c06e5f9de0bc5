"""`trader simulator` as a user runs it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest
from coinbase.rest import RESTClient
from requests import exceptions

from trader.config import load_config
from trader.market.lake_import import write_bars
from trader.market.sample import SampleMarket
from trader.simulator.admin import ACTIONS
from trader.simulator.faults import KINDS
from trader.simulator.settings import VenueSettings

pytestmark = pytest.mark.slow

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def start(*arguments):
    command = [sys.executable, "-m", "trader.cli", "simulator", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Three days of one product of the built-in market, written down."""
    folder = tmp_path_factory.mktemp("lake")
    bars = SampleMarket(5).bars("BTC-USD", FIRST, FIRST + timedelta(days=3))
    write_bars(folder / "BTC-USD_1m.parquet", bars)
    return folder


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_the_sdk_and_leaves_cleanly(end):
    process = start("--json", "--seed", "3", "--cash", "500")
    try:
        where = json.loads(process.stdout.readline())
        key_file = Path(where["key_file"])
        client = RESTClient(key_file=str(key_file), base_url=where["base_url"], timeout=5)
        client.session.verify, client.session.trust_env = where["ca_file"], False
        rows = client.get_accounts().to_dict()["accounts"]
        client.session.close()
        assert {row["available_balance"]["value"] for row in rows if row["currency"] == "USD"} == {"500"}
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        assert where["admin_url"].startswith("http://127.0.0.1:")
    finally:
        process.send_signal(end)
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (0, "", "")
    assert not key_file.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--market", "lake"), "wants --data DIR"),
        (("--faults", "no-such-file.json"), "cannot be read"),
        (("--market", "lake", "--data", "no-such-folder"), "no-such-folder"),
        (("--market", "lake", "--data", "."), "the lake is empty"),
        (("--market", "lke"), "'lke' is not one of 'sample'"),
        (("--data", "somewhere"), "add --market lake to trade on it"),
        (("--market", "lake", "--data", "LAKE", "--start", "1999-01-01"), "reach from 2024-01-01 to 2024-01-04"),
        (("--market", "lake", "--data", "LAKE", "--granularity", "7m"), "did you mean 5m?"),
        (("--faults", "BAD"), "fault 2: times is 0"),
        (("--start", "2023-13-01"), "does not match the formats"),
        (("--speed", "-1"), "greater than or equal to 0"),
        (("--prot", "1"), "Possible options: --port"),
        (("--scopes", "vew,trade"), "--scopes vew,trade: vew, did you mean view? wanted some of trade, transfer, view"),
        (("--scopes", ""), "--scopes is empty; wanted some of trade, transfer, view"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_2(arguments, words, lake, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('[{"kind": "explode"}, {"kind": "drip", "times": 0}]')
    named = {"LAKE": str(lake), "BAD": str(bad), ".": str(tmp_path)}
    process = start(*(named.get(word, word) for word in arguments))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert words in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_a_taken_port_is_a_sentence_and_exit_2():
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        plug.listen()
        process = start("--port", str(plug.getsockname()[1]))
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "cannot be had" in err
    assert "Traceback" not in err


@contextmanager
def running(*arguments):
    """The verb as a process, where it is, and the SDK against it; ended by Ctrl-C."""
    process = start("--json", *arguments)
    where = json.loads(process.stdout.readline())
    client = RESTClient(key_file=where["key_file"], base_url=where["base_url"], timeout=5)
    client.session.verify, client.session.trust_env = where["ca_file"], False
    try:
        yield where, client
    finally:
        client.session.close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=15)
    assert (process.returncode, err) == (0, "")
    assert not Path(where["key_file"]).parent.exists()
    with socket.socket() as plug:
        host, _, port = where["base_url"].partition(":")
        assert plug.connect_ex((host, int(port))) != 0


def test_a_lake_is_traded_on_from_its_second_day_with_its_own_bars(lake):
    with running("--market", "lake", "--data", str(lake), "--speed", "0") as (where, client):
        assert (where["now"], where["products"]) == ("2024-01-02T00:00:00Z", ["BTC-USD", "BTC-USDC"])
        began, ended = int(FIRST.timestamp()) + 82_800, int(FIRST.timestamp()) + 86_340
        told = client.get_candles("BTC-USD", str(began), str(ended), "ONE_MINUTE").to_dict()["candles"][::-1]
        bars = SampleMarket(5).bars("BTC-USD", FIRST, FIRST + timedelta(days=1))[-60:]
        assert [(int(row["start"]), float(row["close"])) for row in told] == [
            (int(at.timestamp()), row.close) for at, row in bars.iterrows()
        ]
        assert client.market_order_buy("lake", "BTC-USD", quote_size="100").to_dict()["success"] is True
        httpx.post(f"{where['admin_url']}/clock", json={"step_seconds": 3600}, trust_env=False)
        assert client.get_unix_time().iso == "2024-01-02T01:00:00Z"


def test_a_key_that_may_only_look_is_made_where_it_is_asked_for():
    with running("--scopes", "view") as (where, client):
        assert where["scopes"] == ["view"]
        told = client.get_api_key_permissions().to_dict()
        assert (told["can_view"], told["can_trade"]) == (True, False)
        with pytest.raises(exceptions.HTTPError, match="403"):
            client.market_order_buy("look", "BTC-USD", quote_size="10")


def test_it_says_in_words_what_market_it_is_and_how_fast():
    process = start("--speed", "0", "--start", "2024-03-01")
    lines = [process.stdout.readline().split() for _ in range(8)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)
    assert lines[-2] == "Market 30 products, 30 of them with a price".split()
    assert lines[-1] == "Time 2024-03-01T00:00:00Z, standing still until the desk steps it".split()


def test_a_start_at_which_nothing_has_a_price_is_refused(tmp_path):
    """A lake of two days a month apart: between them there is nothing to trade on."""
    market = SampleMarket(5)
    days = [market.bars("BTC-USD", day, day + timedelta(days=1)) for day in (FIRST, FIRST + timedelta(days=30))]
    write_bars(tmp_path / "BTC-USD_1m.parquet", pd.concat(days))
    process = start("--market", "lake", "--data", str(tmp_path), "--start", "2024-01-20")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "nothing traded in the days before 2024-01-20T00:00" in err


def test_a_taken_admin_port_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        plug.listen()
        process = start("--admin-port", str(plug.getsockname()[1]))
        _, err = process.communicate(timeout=30)
    assert (process.returncode, "admin port" in err, list(tmp_path.iterdir())) == (2, True, [])


PAGE = Path(__file__).parents[2] / "docs" / "SIMULATOR.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_s_own_lines_work_word_by_word(tmp_path):
    """The snippet connects, the plan of faults is taken and fires, every address of the table answers."""
    (storm,) = blocks("json")
    (tmp_path / "storm.json").write_text(storm)
    with running("--faults", str(tmp_path / "storm.json"), "--seed", "7", "--speed", "0") as (where, sdk):
        (snippet,) = blocks("python")
        for shown, real in (
            ("…/api-key.json", where["key_file"]),
            ("127.0.0.1:8443", where["base_url"]),
            ("…/simulator-ca.pem", where["ca_file"]),
        ):
            assert shown in snippet
            snippet = snippet.replace(shown, real)
        names = {}
        exec(compile(snippet, str(PAGE), "exec"), names)
        client = names["client"]
        assert client.get_accounts().to_dict()["size"] > 2
        with pytest.raises(TypeError):
            sdk.market_order_buy("null", "BTC-USD", quote_size="10")
        with pytest.raises(exceptions.ConnectionError):
            sdk.market_order_buy("dropped", "BTC-USD", quote_size="10")
        client.session.close()

        desk = httpx.Client(base_url=where["admin_url"], trust_env=False)
        before = desk.get("/").json()["now"]
        assert desk.post("/clock", json={"step_seconds": 3600}).json()["now"] > before
        assert desk.get("/log").json()["requests"]
        assert [fault["fired"] for fault in desk.get("/faults").json()["faults"]] == [1, 0, 1, 0]
        assert {row["client_order_id"] for row in desk.get("/truth").json()["orders"]} == {"null", "dropped"}
        desk.close()


def commands(text):
    return [line.partition("#")[0].split() for line in text.splitlines() if line.startswith("    trader ")]


def test_the_front_page_and_this_one_tell_the_same_rehearsal():
    """Also what it needs at that speed: without it, orders end unsent because quotes are old."""
    front = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8").partition("## Rehearsing live")[2]
    told = commands(front.partition("\n## ")[0])
    page = commands(PAGE.read_text(encoding="utf-8").partition("## A live rehearsal")[2])

    assert [words[1] for words in told] == ["simulator", "arm", "run", "reconcile"]
    assert told == page


def test_the_page_s_two_files_are_a_configuration_for_that_speed(tmp_path):
    shutil.copytree(PAGE.parents[1] / "config", tmp_path / "config")
    (tmp_path / "rehearsal").mkdir()
    for name, text in zip(("app", "policy"), blocks("yaml"), strict=True):
        (tmp_path / "rehearsal" / f"{name}.yaml").write_text(text)
    config = load_config(tmp_path / "rehearsal")

    assert config.app.live.enabled
    assert config.app.exchange.coinbase.rest_host == "127.0.0.1:8443"
    assert config.policy.risk.stale_quote.max_quote_age_seconds == 60


def test_the_page_names_every_setting_fault_and_address():
    text = PAGE.read_text(encoding="utf-8")
    names = {row.name for row in fields(VenueSettings)} - {"seed"} | set(KINDS) | {path for _, path in ACTIONS}
    assert [name for name in sorted(names) if not re.search(rf"[`/ ]{re.escape(name)}\b", text)] == []
    default = {row.name: row.default for row in fields(VenueSettings)}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        rows = re.findall(r"`(\w+)`", cells[1]) if len(cells) > 3 else []
        if rows and set(rows) <= set(default):
            told = [cell.strip() for cell in cells[2].split(",")]
            told = told * len(rows) if len(told) == 1 else told
            real = [str(default[name]).lower() if default[name] != "" else "none" for name in rows]
            assert [number(cell) for cell in told] == [number(cell) for cell in real], line


def number(text):
    return float(text) if re.fullmatch(r"[\d.]+", text) else text.lower()
