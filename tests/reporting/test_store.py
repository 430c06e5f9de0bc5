"""Reports on disk: whole or not there; what is no report is a sentence."""

from __future__ import annotations

import copy
import errno
import json
import os
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from tests.reporting.runs import a_run
from trader.reporting.canonical import dumps
from trader.reporting.document import build_report
from trader.reporting.store import ReportInvalid, ReportUnwritable, read_report, schema, validate, write_report

REPORT = build_report(a_run(days=30, trips=20))


def broken(path, value):
    report = copy.deepcopy(REPORT)
    *inner, last = path
    target = report
    for key in inner:
        target = target[key]
    if value is KeyError:
        del target[last]
    else:
        target[last] = value
    return report


BROKEN = [
    pytest.param(("fingerprint",), "abc", id="fingerprint"),
    pytest.param(("extra",), 1, id="unknown top-level name"),
    pytest.param(("summary", "sharpe"), KeyError, id="missing measure"),
    pytest.param(("summary", "sharpe"), "1.0", id="a number as text"),
    pytest.param(("summary", "extra"), 1, id="unknown measure"),
    pytest.param(("trades", 0, "size"), 0.5, id="a size as number"),
    pytest.param(("trades", 0, "size"), "1e-5", id="an exponent"),
    pytest.param(("trades", 0, "side"), "buy", id="side"),
    pytest.param(("trades", 0, "liquidity"), KeyError, id="liquidity missing"),
    pytest.param(("round_trips", 0, "pnl_usd"), None, id="PnL null"),
    pytest.param(("round_trips", 0, "entry_time"), "2024-05-01 12:00", id="time without T and Z"),
    pytest.param(("equity", 0, "nlv_usd"), None, id="NLV null"),
    pytest.param(("metadata", "config_hash"), KeyError, id="no config hash"),
    pytest.param(("rejections", "by_reason"), {"cash": -1}, id="negative count"),
    pytest.param(("bars", "BTC-USD", "close"), ["1"], id="price as text"),
    pytest.param(("exposure", "by_theme"), KeyError, id="no themes"),
]


@pytest.mark.slow
@pytest.mark.req("BT2")
@pytest.mark.parametrize(("path", "value"), BROKEN)
def test_a_document_that_breaks_the_schema_is_refused_with_its_place(path, value):
    report = broken(path, value)

    assert not Draft202012Validator(schema()).is_valid(report), "the published schema says so too"
    with pytest.raises(ReportInvalid, match="not a report"):
        validate(report)


def test_what_is_written_is_read_back_equal_and_ends_with_a_newline(tmp_path):
    path = write_report(tmp_path / "new" / "folder", REPORT)

    assert path.read_bytes() == dumps(REPORT)
    assert read_report(path) == read_report(path.parent) == REPORT
    assert os.listdir(path.parent) == ["report.json"]


def test_an_invalid_report_is_never_written(tmp_path):
    with pytest.raises(ReportInvalid):
        write_report(tmp_path, broken(("fingerprint",), "abc"))

    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_sentence_and_the_old_report_is_intact(tmp_path, monkeypatch):
    path = write_report(tmp_path, REPORT)
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("trader.reporting.store.os.fsync", full)
    with pytest.raises(ReportUnwritable, match="No space left on device; the file that was there is intact") as caught:
        write_report(tmp_path, broken(("fingerprint",), "0" * 64))

    assert caught.value.exit_code == 2
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ReportUnwritable, match="not written"):
        write_report(tmp_path / "file" / "folder", REPORT)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="cut off"),
        pytest.param(b"\xff\xfe", "not JSON", id="not UTF-8"),
        pytest.param(b"[]", "a JSON object is needed, not a list", id="a list"),
        pytest.param(b"{}", "not a report", id="something else"),
        pytest.param(b"[" * 100_000, "not JSON", id="too deep"),
        pytest.param(
            json.dumps(REPORT).replace('"sharpe": ', '"sharpe": NaN, "x": ', 1).encode(), "not JSON", id="NaN"
        ),
    ],
)
def test_what_is_no_report_is_a_sentence_that_names_the_file(content, says, tmp_path):
    path = tmp_path / "some.json"
    path.write_bytes(content)

    with pytest.raises(ReportInvalid, match=says) as caught:
        read_report(path)

    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ReportInvalid, match="No such file"):
        read_report(tmp_path / "report.json")


WRITE_BEYOND = """
import resource, signal, sys
from pathlib import Path
from trader.reporting.store import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write_whole(Path(sys.argv[1]), b"x" * 5000)
"""


def test_a_file_the_system_cuts_short_never_replaces_the_old_one(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")

    ended = subprocess.run([sys.executable, "-c", WRITE_BEYOND, path], capture_output=True, text=True, check=False)

    assert "ReportUnwritable" in ended.stderr
    assert "the file that was there is intact" in ended.stderr
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]
