"""`trader check` and `trader strategy`: words, files and exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.backtest.planted import source
from trader.cli import main as cli

ROOT = Path(__file__).resolve().parents[2]
PEEKS = source('return pd.DataFrame({"next": bars["close"].shift(-1)})')
THIRSTY = source('return pd.DataFrame({"ewm": bars["close"].ewm(span=10).mean()})')
REACHES = "import requests\n" + source()
MUTATES = source(proposals='context.features["BTC-USD"]["mean"] = 1.0\nreturn []')


@pytest.fixture
def trader(tmp_path, capsys, monkeypatch):
    """Runs a verb in a folder with the house's configuration and strategies."""
    for folder in ("config", "strategies"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "demo"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRADER_DATA", raising=False)

    def run(*arguments: str):
        with pytest.raises(SystemExit) as left:
            cli.main(list(arguments))
        return left.value.code, capsys.readouterr()

    return run


def plant(text: str) -> None:
    Path("strategies/planted.py").write_text(text, encoding="utf-8")


def the_rest_of_the_house(folder: Path) -> None:
    """Tests, notebooks and the package, beside the configuration and strategies that *folder* has."""
    for name in ("tests", "notebooks"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True, ignore=unwanted)
    shutil.copytree(ROOT / "config/demo", folder / "config/demo")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "trader").symlink_to(ROOT / "trader")


@pytest.mark.slow
@pytest.mark.req("STR1")
@pytest.mark.parametrize("check", ["lookahead", "warmup", "purity"])
def test_a_sound_strategy_passes_with_exit_0(trader, check):
    code, said = trader("check", check, "sma_cross")

    assert code == 0
    assert said.out.startswith(f"sma_cross: {check} holds, on ")
    assert "the built-in market" in said.out


@pytest.mark.req("STR1")
@pytest.mark.parametrize(
    ("check", "text", "says"),
    [
        pytest.param("lookahead", PEEKS, "column next, bar 20", id="peeks"),
        pytest.param("warmup", THIRSTY, "column ewm, bar 20", id="thirsty"),
        pytest.param("purity", REACHES, "planted.py:1: import of requests", id="reaches out"),
        pytest.param("purity", MUTATES, "change of context.features", id="mutates"),
        pytest.param("lookahead", REACHES, "planted.py:1: import of requests", id="not even tried"),
    ],
)
def test_a_biased_strategy_is_told_where_with_exit_1(trader, check, text, says):
    plant(text)

    code, said = trader("check", check, "planted")
    assert code == 1
    assert said.out.startswith(f"planted: {check} does not hold\n")
    assert says in said.out

    code, said = trader("check", check, "planted", "--json")
    found = json.loads(said.out)
    assert code == 1
    assert (found["ok"], found["check"], found["strategy"]) == (False, check, "planted")
    assert any(says in finding for finding in found["findings"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["sma_cros"], "sma_cros: unknown strategy; did you mean sma_cross?", id="a typo"),
        pytest.param(["broken"], "strategies/broken.py:1: '(' was never closed: class Broken(", id="a syntax error"),
        pytest.param(["sma_cross", "--symbols", "BTC-USDX"], "BTC-USDX", id="an unknown symbol"),
        pytest.param(["sma_cross", "--data", "nowhere"], "nowhere", id="no lake"),
    ],
)
def test_a_mistake_is_a_sentence_with_exit_2(trader, arguments, says):
    Path("strategies/broken.py").write_text("class Broken(\n", encoding="utf-8")

    code, said = trader("check", "lookahead", *arguments)

    assert code == 2
    assert says in said.err
    assert "Traceback" not in said.err


@pytest.mark.req("STR2")
def test_list_tells_every_strategy_its_state_and_why_it_is_refused(trader):
    plant(REACHES)

    code, said = trader("strategy", "list", "--json")

    rows = {row["name"]: row for row in json.loads(said.out)}
    assert code == 0
    assert rows["sma_cross"]["state"] == "disabled"
    assert (rows["sma_cross"]["timeframe"], rows["sma_cross"]["warmup_bars"]) == ("1h", 50)
    assert rows["planted"]["state"] == "refused"
    assert "import of requests" in rows["planted"]["says"]
    code, said = trader("strategy", "list")
    assert "sma_cross       disabled    1h, 50 bars warm-up" in said.out


@pytest.mark.slow
@pytest.mark.req("STR4")
def test_a_misnamed_file_is_listed_as_refused_and_stops_no_other_verb(trader):
    Path("strategies/Notes.py").write_text("x=1\n", encoding="utf-8")
    why = "strategies/Notes.py: a strategy's file is named in small letters, digits and _, like sma_cross.py"

    rows = {row["name"]: row for row in json.loads(trader("strategy", "list", "--json")[1].out)}
    assert (rows["Notes"]["state"], rows["Notes"]["says"]) == ("refused", why)
    assert rows["sma_cross"]["state"] == "disabled"
    short = ["--granularity", "1h", "--start", "2025-01-01", "--end", "2025-01-03", "--symbols", "BTC-USD"]
    assert trader("backtest", "--strategies", "sma_cross", *short)[0] == 0
    code, said = trader("backtest", "--strategies", "Notes", *short)
    assert code == 2
    assert why in said.err


@pytest.mark.slow
@pytest.mark.req("STR2")
def test_a_new_strategy_is_off_and_passes_every_check(trader):
    code, said = trader("strategy", "new", "vol_breakout")

    assert code == 0
    assert "wrote strategies/vol_breakout.py, tests/strategies/test_vol_breakout.py and its stanza" in said.out
    config = yaml.safe_load(Path("config/strategies.yaml").read_text(encoding="utf-8"))
    assert config["vol_breakout"]["enabled"] is False
    assert trader("config", "check")[0] == 0
    for check in ("lookahead", "warmup", "purity"):
        assert trader("check", check, "vol_breakout")[0] == 0
    listed = json.loads(trader("strategy", "list", "--json")[1].out)
    assert {row["name"]: row["state"] for row in listed}["vol_breakout"] == "disabled"


@pytest.mark.slow
def test_a_new_strategys_own_test_passes_and_it_reads_as_the_house_wants(trader, tmp_path):
    trader("strategy", "new", "vol_breakout")
    the_rest_of_the_house(tmp_path)
    files = ["strategies/vol_breakout.py", "tests/strategies/test_vol_breakout.py"]
    python = [sys.executable, "-m"]

    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider", *files[1:], "tests/strategies/test_every_strategy.py"],
        ["ruff", "check", *files],
        ["ruff", "format", "--check", *files],
    ):
        done = subprocess.run([*python, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(["-p", "no:nbval", "-m", "not slow", "tests/config"], id="the configuration's tests"),
        pytest.param(["--nbval-lax", "--nbval-cell-timeout=60", "notebooks/live_cycle.ipynb"], id="the live cycle"),
    ],
)
def test_whoever_adds_a_strategy_makes_nothing_else_red(trader, tmp_path, asked):
    trader("strategy", "new", "my_idea")
    the_rest_of_the_house(tmp_path)

    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *asked]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("sma_cross", "strategies/sma_cross.py exists already", id="a name in use"),
        pytest.param("Vol-Breakout", "small letters, digits and _", id="an odd name"),
        pytest.param("planned", "planned has a stanza already", id="a name in the configuration"),
    ],
)
def test_new_refuses_a_name_and_touches_nothing(trader, name, says):
    stanzas = Path("config/strategies.yaml")
    stanzas.write_text(stanzas.read_text(encoding="utf-8") + "\nplanned: {enabled: false}\n", encoding="utf-8")
    before = stanzas.read_bytes(), sorted(Path("strategies").iterdir())

    code, said = trader("strategy", "new", name)

    assert code == 2
    assert says in said.err
    assert (stanzas.read_bytes(), sorted(Path("strategies").iterdir())) == before
