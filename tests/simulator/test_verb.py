"""`trader simulator` as a user runs it."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from coinbase.rest import RESTClient


def start(*arguments):
    command = [sys.executable, "-m", "trader.cli", "simulator", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
    ],
)
def test_a_mistake_is_a_sentence_and_exit_2(arguments, words):
    process = start(*arguments)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert words in err
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
