"""`trader backtest` from the command line: every bad input is a sentence and an exit code, and leaves no report."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trader.cli import main as cli
from trader.reporting.store import read_report

ROOT = Path(__file__).parents[2]
BARS = 240
PRICES = ["open", "high", "low", "close"]
STRATEGY = '''from trader.strategy import Strategy


class Wrong(Strategy):
    """Does one thing wrong."""

    timeframe = "1h"

    def features(self, bars):
        return bars[["close"]]

    def generate_proposals(self, context):
        {does}
'''


def waves(step: str = "1h") -> pd.DataFrame:
    """Four long waves, so that two averages cross, of a coin that trades enough for its tier."""
    start = pd.date_range("2025-01-01", periods=BARS, freq=step, tz="UTC").astype("datetime64[ms, UTC]")
    close = 100 + 10 * np.sin(np.arange(BARS) * 2 * np.pi / 60)
    prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close}
    return pd.DataFrame({"start": start, **prices, "volume": 1e7})


def changed(row, columns, value):
    bars = waves()
    bars.loc[row, columns] = value
    return bars


def a_lake(folder: Path, bars: pd.DataFrame, granularity: str = "1h") -> Path:
    folder.mkdir(exist_ok=True)
    bars.to_parquet(folder / f"BTC-USD_{granularity}.parquet", index=False)
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to be in, with a sound lake in it."""
    monkeypatch.chdir(tmp_path)
    a_lake(tmp_path / "lake", waves())
    return tmp_path


def words(*more, config="config/demo", strategies=("sma_cross",), data="lake", folder=ROOT / "strategies"):
    """The arguments of a backtest into `out`; what is said *more* wins."""
    named = ("--strategies", ",".join(strategies)) if strategies else ()
    places = ("--config-dir", ROOT / config, "--strategies-dir", folder, "--data", data, "--out", "out")
    return [str(word) for word in ("backtest", *places, *named, *more)]


def trader(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return left.value.code, capsys.readouterr()


def reports_in(folder: Path) -> list[Path]:
    """Reports, pages, and what a write that failed might leave of them."""
    return [path for path in folder.rglob("*report.*") if path.is_file()]


def require_refusal(outcome, here, *says):
    code, said = outcome
    assert code == 2
    assert said.out == ""
    for wanted in says:
        assert wanted in said.err
    assert "Traceback" not in said.err
    assert reports_in(here) == []


def test_a_sound_lake_becomes_a_valid_report_and_a_page(here, capsys):
    code, said = trader(capsys, words())

    report = read_report(here / "out")
    assert code == 0
    assert said.err == ""
    assert said.out.startswith("on lake lake: 1h bars of BTC-USD, 2025-01-01 to 2025-01-11\n")
    assert len(report["trades"]) > 0
    assert f"{report['summary']['total_trades']} round trips over {BARS} bars" in said.out
    assert (here / "out" / "report.html").stat().st_size > 0


@pytest.mark.slow
def test_a_report_without_a_folder_lies_under_the_names_of_its_strategies_each_once(here, capsys):
    asked = words("--end", "2025-01-03", strategies=["sma_cross", " breakout", "sma_cross"])
    at = asked.index("--out")

    code = trader(capsys, asked[:at] + asked[at + 2 :])[0]

    assert code == 0
    assert read_report(here / "reports/backtests/sma_cross+breakout")["metadata"]["strategies"] == [
        "breakout",
        "sma_cross",
    ]


@pytest.mark.slow
def test_bars_that_nobody_named_are_said_to_be_the_built_in_market(here, capsys, monkeypatch):
    monkeypatch.delenv("TRADER_DATA", raising=False)
    (here / "var").mkdir()
    a_lake(here / "var/lake", waves())  # what `trader data import` fills
    asked = words("--start", "2025-01-01", "--end", "2025-01-03", "--granularity", "1h", "--symbols", "BTC-USD")
    unnamed = [word for word in asked if word not in ("--data", "lake")]

    said = trader(capsys, unnamed)[1].out
    document = json.loads(trader(capsys, [*unnamed, "--json"])[1].out)

    assert said.startswith("on the built-in market, seed 7: 1h bars of BTC-USD, ")
    assert document["data_source"] == "the built-in market, seed 7"


@pytest.mark.parametrize(
    ("bars", "says"),
    [
        pytest.param(lambda: pd.concat([waves()[:100], waves()[99:]]), "row 100 (2025-01-05T03:00Z)", id="duplicated"),
        pytest.param(lambda: waves()[::-1], "starts must be in ascending order", id="unsorted"),
        pytest.param(partial(changed, 100, ["close"], np.nan), "row 100 (2025-01-05T04:00Z): close is nan", id="nan"),
        pytest.param(partial(changed, 7, PRICES, -5.0), "row 7 (2025-01-01T07:00Z): open is -5.0", id="negative"),
        pytest.param(lambda: waves().rename(columns={"close": "last"}), "columns missing: close", id="columns"),
    ],
)
def test_a_bad_lake_file_is_named_with_its_row(bars, says, here, capsys):
    a_lake(here / "lake", bars())

    require_refusal(trader(capsys, words()), here, "BTC-USD_1h.parquet", says)


def test_a_lake_that_is_empty_or_not_there_is_named(here, capsys):
    (here / "empty").mkdir()

    require_refusal(trader(capsys, words(data="empty")), here, "empty: no bars here, the lake is empty")
    (here / "empty/btc.parquet").write_bytes(b"")
    require_refusal(trader(capsys, words(data="empty")), here, "btc.parquet", "<symbol>_<granularity>")
    require_refusal(trader(capsys, words(data="nowhere")), here, "nowhere: no such folder")


def test_bars_too_coarse_for_the_strategy_are_refused(here, capsys):
    a_lake(here / "days", waves("1D"), "1d")

    outcome = trader(capsys, words("--granularity", "1d", data="days"))

    require_refusal(outcome, here, "1d cannot be made into 1h", "--granularity 1h or finer")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--symbols", "BTX-USD"), "BTX-USD: not in lake; did you mean BTC-USD?"),
        (("--strategies", "sma_cros"), "sma_cros: unknown strategy; did you mean sma_cross?"),
        (("--start", "2025-01-05", "--end", "2025-01-03"), "--end 2025-01-03 is not after --start 2025-01-05"),
        (
            ("--start", "2031-01-01", "--end", "2031-02-01"),
            "the lake has such bars from 2025-01-01T00:00Z to 2025-01-11",
        ),
        (("--start", "2025-13-01"), "--start 2025-13-01: not a date"),
        (("--cash", "lots"), "--cash lots: not an amount"),
        (("--cash", "-5"), "--cash -5: must be above 0"),
        (("--cash", "nan"), "--cash nan: must be above 0"),
        (("--set", "strategies.sma_cross.params.fast_bars=1"), "sma_cross.params.fast_bars: 1 is below 2"),
        (("--out", "lake/BTC-USD_1h.parquet/out"), "out/report.html: not written: Not a directory"),
    ],
)
def test_a_bad_option_is_a_sentence_that_names_it(more, says, here, capsys):
    require_refusal(trader(capsys, words(*more)), here, says)


def test_where_no_strategy_is_enabled_those_there_are_listed(here, capsys):
    refused = trader(capsys, words(config="config", strategies=()))
    require_refusal(refused, here, "no strategy is enabled", "name some with --strategies (there are: breakout, ")


def test_a_syntax_error_is_named_with_its_line(here, capsys):
    (here / "broken.py").write_text("def f(:\n")

    require_refusal(trader(capsys, words(strategies=["broken"], folder=here)), here, "broken.py:1: invalid syntax")


@pytest.mark.parametrize("does", ["raise ValueError('always')", "return ['buy', 7]", "return 7"])
def test_a_strategy_that_fails_is_said_with_its_reason_and_exit_1(does, here, capsys):
    (here / "wrong.py").write_text(STRATEGY.format(does=does))

    code, said = trader(capsys, words(strategies=["wrong"], folder=here))

    report = read_report(here / "out")
    assert (code, "Traceback" in said.err) == (1, False)
    assert "strategy wrong failed" in said.err
    assert report["metadata"]["failures"]["wrong"] > 1
    assert report["trades"] == []


def planted(does: str, features: str) -> str:
    """A strategy whose features do one thing more."""
    return STRATEGY.format(does=does).replace("return bars", f"{features}\n        return bars")


@pytest.mark.req("STR1")
def test_a_strategy_that_peeks_gets_no_report_and_is_told_where(here, capsys):
    (here / "wrong.py").write_text(planted("return []", "bars = bars.shift(-1)"))

    code, said = trader(capsys, words(strategies=["wrong"], folder=here))

    assert (code, said.out) == (1, "")
    assert "strategy wrong, BTC-USD, column close, bar " in said.err
    assert "uses the future" in said.err
    assert reports_in(here) == []


@pytest.mark.req("STR4")
@pytest.mark.parametrize(
    ("does", "features", "when"),
    [("while True: pass", "pass", "answering"), ("return []", "while True: pass", "computing its features")],
)
def test_a_strategy_that_hangs_ends_the_backtest_with_a_sentence(does, features, when, here, capsys, monkeypatch):
    monkeypatch.setattr("trader.backtest.run.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("trader.backtest.run.FEATURES_SECONDS", 0.5)
    (here / "wrong.py").write_text(planted(does, features))

    code, said = trader(capsys, words(strategies=["wrong"], folder=here))

    assert (code, said.out, reports_in(here)) == (1, "", [])
    assert "strategy wrong took longer than 0.5 s (wrong.py:" in said.err
    assert f"while {when}; a backtest waits no longer" in said.err


@pytest.mark.req("STR4")
def test_features_that_fail_cost_a_strategy_its_own_answer_and_nobody_elses(here, capsys):
    (here / "wrong.py").write_text(planted("return []", "raise ValueError('no such thing')"))
    (here / "sma_cross.py").write_text((ROOT / "strategies" / "sma_cross.py").read_text())

    code, said = trader(capsys, words(strategies=["sma_cross", "wrong"], folder=here))

    report = read_report(here / "out")
    assert code == 1
    assert "strategy wrong failed once" in said.err
    assert "strategy wrong, BTC-USD: ValueError: no such thing (wrong.py:" in said.err
    assert report["metadata"]["failures"] == {"wrong": 1}
    assert {trade["strategy"] for trade in report["trades"]} == {"sma_cross"}


def test_what_a_strategy_prints_does_not_stand_in_the_way_of_json(here, capsys):
    (here / "wrong.py").write_text(planted("print('mine'); return []", "print('hello')"))

    code, said = trader(capsys, words("--json", strategies=["wrong"], folder=here))

    assert code == 0
    assert json.loads(said.out)["summary"]["total_trades"] == 0
    assert "hello" in said.err


def in_a_process(here, *more, limit_bytes=None, hash_seed="0"):
    """The verb in a process of its own, which may write no file longer than *limit_bytes*."""
    limit = None if limit_bytes is None else partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit_bytes,) * 2)
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "trader.cli", *words(*more)]
    return subprocess.run(command, cwd=here, env=env, preexec_fn=limit, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("limit_bytes", [4_096, 400_000], ids=["for both files", "for the page alone"])
def test_a_full_disk_leaves_nothing_behind(limit_bytes, here):
    left = in_a_process(here, limit_bytes=limit_bytes)

    assert left.returncode == 2
    assert "out/report.html: not written: File too large" in left.stderr
    assert "Traceback" not in left.stderr
    assert [path for path in here.rglob("*") if path.is_file() and path.parent.name != "lake"] == []


@pytest.mark.slow
@pytest.mark.req("BT1")
def test_two_processes_write_the_same_report_to_the_byte(here):
    for seed in ("1", "2"):
        assert in_a_process(here, "--out", f"out{seed}", hash_seed=seed).returncode == 0

    assert len(read_report(here / "out1")["trades"]) > 0
    assert (here / "out1" / "report.json").read_bytes() == (here / "out2" / "report.json").read_bytes()
