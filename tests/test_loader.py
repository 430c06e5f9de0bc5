"""From a folder of files to strategies: found by name, judged before they run, every mistake told at once."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from trader.guard import AuditGuard
from trader.loader import StrategyRefused, UnknownStrategy, discover, load_strategies, load_strategy, misnamed
from trader.policy import StrategyStanza
from trader.purity import Impure, NotPython

SOUND = """
from trader.strategy import Field, Strategy, StrategyParams

class Dip(Strategy):
    timeframe = "15m"
    warmup_bars = 7

    class Params(StrategyParams):
        fall_pct: float = Field(3.0, gt=0, le=50)
        dip_threshold: float = Field(0.5, gt=0, le=1)

    def features(self, bars):
        return bars[["close"]]

    def generate_proposals(self, context):
        return []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "strategies"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, source: str = SOUND) -> Path:
    path = folder / f"{name}.py"
    path.write_text(dedent(source), encoding="utf-8")
    return path


def on(name: str, **stanza: object) -> StrategyStanza:
    return StrategyStanza(name, enabled=True, **stanza)


@pytest.mark.req("STR2")
def test_a_strategy_is_found_by_its_file_and_off_without_a_stanza(folder):
    write(folder, "dip")
    write(folder, "_draft", "not python at all")

    (loaded,) = load_strategies(folder, [])

    assert loaded.stanza == StrategyStanza("dip", enabled=False, params={"fall_pct": 3.0, "dip_threshold": 0.5})
    assert (loaded.timeframe_seconds, loaded.strategy.warmup_bars, loaded.strategy.params.fall_pct) == (900, 7, 3.0)


@pytest.mark.req("STR2")
def test_those_named_run_enabled_or_not_and_no_other(folder):
    write(folder, "dip")
    write(folder, "rip", SOUND.replace("Dip", "Rip"))

    loaded = load_strategies(folder, [on("rip")], only=["dip"])

    assert [(each.stanza.name, each.stanza.enabled) for each in loaded] == [("dip", True)]


@pytest.mark.req("S1")
def test_a_param_comes_from_the_stanza_else_from_signals_yaml_else_from_the_class(folder):
    path, defaults = write(folder, "dip"), {"dip_threshold": 0.8, "fall_pct": 9.0, "rip_threshold": 0.1}

    params = load_strategy(path, on("dip", params={"fall_pct": 4}), defaults).strategy.params

    assert (params.fall_pct, params.dip_threshold) == (4.0, 0.8)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (["dop"], "dop: unknown strategy; did you mean dip?"),
        (["zzz"], "zzz: unknown strategy"),
        ([], "no strategy is selected"),
    ],
)
def test_an_unknown_name_lists_what_exists(folder, name, says):
    write(folder, "dip")

    with pytest.raises(UnknownStrategy) as error:
        load_strategies(folder, [], only=name)

    assert says in str(error.value)
    assert f"{folder} has dip" in str(error.value)
    assert error.value.exit_code == 2


REFUSED = {
    "a syntax error": ("class Dip:\n    x = = 1\n", "dip.py:2: invalid syntax"),
    "another class": (
        SOUND.replace("class Dip", "class Dipp"),
        "has no class Dip (the file's name in CamelCase); it has",
    ),
    "no class": ("x = 1\n", "has no class Dip"),
    "no strategy": ("class Dip:\n    pass\n", "class Dip is no Strategy; write class Dip(Strategy)"),
    "no features": (SOUND.replace("def features", "def feature"), "class Dip lacks features"),
    "no Params": (SOUND.replace("(StrategyParams)", ""), "Dip.Params is no StrategyParams"),
    "an odd timeframe": (SOUND.replace("15m", "17m"), "Dip.timeframe: granularity '17m' is unknown; allowed are 1m"),
    "no warm-up": (SOUND.replace("= 7", "= 0"), "Dip.warmup_bars is 0; it is a whole number from 1"),
    "half a warm-up": (SOUND.replace("= 7", "= 7.5"), "Dip.warmup_bars is 7.5"),
    "an import that is not there": (SOUND.replace("Field, ", "Feild, "), "cannot be loaded: ImportError"),
    "an error while loading": (
        SOUND + "\n1 / 0\n",
        "cannot be loaded: ZeroDivisionError: division by zero (dip.py:1",
    ),
    "a constructor that fails": (
        SOUND.replace("def features", "def __init__(self, params):\n        1 / 0\n\n    def features"),
        "Dip cannot be made: ZeroDivisionError",
    ),
    "a param that can be changed": (
        SOUND.replace("fall_pct: float = Field(3.0, gt=0, le=50)", "fall_pct: list = [3]"),
        "Dip.Params.fall_pct is a list, which can be changed; use a tuple",
    ),
    "a default out of its own bounds": (SOUND.replace("3.0", "-3.0"), "dip.params.fall_pct: -3 is not above 0"),
}


@pytest.mark.parametrize(("source", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_is_no_strategy_is_a_sentence_when_asked_for_and_stops_nobody_when_off(folder, source, says):
    write(folder, "dip", source)
    write(folder, "rip", SOUND.replace("Dip", "Rip"))

    with pytest.raises(StrategyRefused) as error:
        load_strategies(folder, [on("dip"), on("rip")])
    assert says in str(error.value)
    assert str(folder / "dip.py") in str(error.value) or "strategies.yaml: dip" in str(error.value)

    assert [loaded.stanza.name for loaded in load_strategies(folder, [on("rip")])] == ["rip"]


@pytest.mark.req("STR1")
def test_what_is_not_pure_never_runs(folder, tmp_path):
    witness = tmp_path / "ran"
    path = write(folder, "dip", SOUND + f"\nopen({str(witness)!r}, 'w').close()\n")

    with pytest.raises(Impure, match="strategy dip is refused: it is not pure"):
        load_strategy(path, on("dip"))

    assert not witness.exists()


@pytest.mark.req("STR1")
def test_what_the_reading_missed_the_guard_sees_while_loading(folder, tmp_path):
    witness = tmp_path / "ran"
    hidden = SOUND + "\nimport numpy as np\nnp.array([1]).__class__\n"
    sneaky = SOUND + f"\nimport numpy as np\nDip.file = np.lib.format.open_memmap({str(witness)!r}, 'w+', shape=(1,))\n"

    with pytest.raises(Impure):
        load_strategy(write(folder, "dip", hidden), on("dip"))
    with pytest.raises(StrategyRefused, match="cannot be loaded: reached out of its context: open"):
        load_strategy(write(folder, "dip", sneaky), on("dip"), guard=AuditGuard())
    assert not witness.exists()


def test_every_mistake_of_every_strategy_is_told_at_once(folder):
    write(folder, "dip", "class Dip(\n")
    write(folder, "rip", SOUND.replace("Dip", "Rip"))

    with pytest.raises(StrategyRefused) as error:
        load_strategies(folder, [on("dip"), on("rip", params={"fal_pct": 1, "dip_threshold": 2}), on("gone")])

    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert "dip.py:1" in lines[0]
    assert "strategies.yaml: rip.params.dip_threshold: 2 is above 1" in lines[1] + lines[2]
    assert "strategies.yaml: rip.params.fal_pct: unknown key; did you mean fall_pct?" in lines[1] + lines[2]
    assert lines[3].startswith(f"strategies.yaml: gone: there is no {folder}/gone.py")


@pytest.mark.req("STR4")
@pytest.mark.parametrize("name", ["My-Dip", "9lives", "Notes"])
def test_a_file_with_an_odd_name_is_a_sentence_and_stops_no_other(folder, name):
    write(folder, "dip")
    odd = write(folder, name, "x = 1")

    assert list(discover(folder)) == ["dip"]
    assert misnamed(folder) == {
        odd: f"{odd}: a strategy's file is named in small letters, digits and _, like sma_cross.py"
    }
    assert [loaded.stanza.name for loaded in load_strategies(folder, [on("dip")])] == ["dip"]
    assert [loaded.stanza.name for loaded in load_strategies(folder, [], ["dip"])] == ["dip"]


@pytest.mark.req("STR4")
def test_a_file_with_an_odd_name_is_refused_where_it_is_asked_for(folder):
    write(folder, "dip")
    write(folder, "Notes", "x = 1")

    with pytest.raises(UnknownStrategy, match=r"Notes.py: a strategy's file is named in small letters.*\n.*has dip"):
        load_strategies(folder, [], ["Notes"])


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(UnknownStrategy, match="there is no such folder"):
        discover(tmp_path / "nowhere")


def test_a_file_that_is_no_text_is_a_sentence(folder):
    (folder / "dip.py").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(NotPython, match="not UTF-8"):
        load_strategy(folder / "dip.py", on("dip"))


def test_a_file_that_failed_leaves_no_module_behind(folder):
    with pytest.raises(StrategyRefused):
        load_strategy(write(folder, "dip", SOUND + "\n1 / 0\n"), on("dip"))

    assert "strategy_dip" not in sys.modules
