"""The table of verbs: help is quick, mistakes are sentences, exit codes are those of the contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
import typer.main

from trader.cli import main as cli
from trader.cli.verbs import NOT_THERE_YET, VERBS, Verb
from trader.errors import ExchangeUnreachable, Halted, HeldElsewhere

CONTRACT = set(
    """
    init doctor config data universe strategy backtest compare check sweep walkforward report run status positions
    orders fills risk kill halt reduce resume flatten reconcile audit replay backup restore gates drill canary arm
    alerts secrets purge rtm simulator
    """.split()
)
ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "vectorbt", "plotly", "papermill", "numpy", "pydantic")


def trader(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "trader.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def leave(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return left.value.code, capsys.readouterr()


def commands():
    """Every verb and sub-verb that can be called, with its command."""
    for name, verb in VERBS.items():
        command = typer.main.get_command(cli.load(verb))
        for sub_name, sub_command in getattr(command, "commands", {}).items():
            yield [name, sub_name], sub_command
        if not hasattr(command, "commands"):
            yield [name], command


def test_every_verb_of_the_contract_is_there_or_says_that_it_is_not_yet():
    assert not CONTRACT - VERBS.keys() - NOT_THERE_YET
    assert not NOT_THERE_YET & VERBS.keys()


def test_a_committed_file_that_an_example_names_is_there():
    said = " ".join(f"{command.help} {command.epilog}" for _, command in commands())
    named = set(
        re.findall(
            r"(?:config|notebooks|reports/baseline)(?:/[\w./-]+|\.json)",
            " ".join(re.findall("Example: trader .*", said)),
        )
    )

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert {"config/demo", "reports/baseline/baseline.json"} <= named


def test_a_mistake_is_a_sentence_with_json_too_and_the_help_says_so(capsys):
    code, said = leave(capsys, "data", "list", "--data", "nowhere", "--json")

    assert (code, said.out) == (2, "")
    assert said.err.startswith("nowhere: no such folder")
    assert "With --json a mistake is still a sentence on stderr, and stdout stays empty" in cli.overview()


@pytest.mark.parametrize("name", VERBS)
def test_every_entry_of_the_table_imports(name):
    assert isinstance(cli.load(VERBS[name]), typer.Typer)


def test_a_planted_entry_without_a_module_does_not_import():
    with pytest.raises(ModuleNotFoundError):
        cli.load(Verb("trader.cli.no_such_verb:command", ""))


def test_every_verb_has_an_example_a_config_dir_and_json():
    missing = []
    for path, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        missing += [f"{' '.join(path)}: {option}" for option in ("--config-dir", "--json") if option not in options]
        if f"trader {path[0]} " not in f"{command.help} {command.epilog} ":
            missing.append(f"{' '.join(path)}: an example")

    assert not missing


def test_help_lists_what_is_there_and_says_what_is_not(capsys):
    code, output = leave(capsys, "--help")

    assert code == 0
    listed, _, absent = output.out.partition("Not there yet:")
    assert all(name in listed for name, verb in VERBS.items() if not verb.hidden)
    assert all(name in absent for name in NOT_THERE_YET)
    assert not NOT_THERE_YET & VERBS.keys()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["rtmm"], 2, "did you mean rtm?", id="a typo"),
        pytest.param(["qqqq"], 2, "unknown verb", id="nothing like it"),
        pytest.param(["flatten", "--help"], 2, "not there yet", id="promised for later"),
        pytest.param(["rtm", "--no-such-option"], 2, "no-such-option", id="an unknown option"),
        pytest.param(
            ["rtm", "--requirements", "nowhere.toml"], 1, "nowhere.toml: there is no such file", id="its own mistake"
        ),
    ],
)
def test_a_mistake_is_a_sentence_on_stderr(arguments, code, says, capsys):
    left, output = leave(capsys, *arguments)

    assert left == code
    assert says in output.err
    assert "Traceback" not in output.err
    assert output.out == ""


@pytest.mark.parametrize(("error", "code"), [(HeldElsewhere, 3), (Halted, 4), (ExchangeUnreachable, 5)])
def test_an_error_brings_its_exit_code(error, code, capsys, monkeypatch):
    def fail():
        raise error("said plainly")

    monkeypatch.setitem(VERBS, "fail", Verb(f"{__name__}:fail", ""))
    monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)

    left, output = leave(capsys, "fail")

    assert (left, output.err) == (code, "said plainly\n")


def test_a_bug_of_ours_is_one_line_and_the_details_are_kept(tmp_path):
    (tmp_path / "var/logs").mkdir(parents=True)
    (tmp_path / "bug.py").write_text("def command(): 1 / 0\n")
    (tmp_path / "start.py").write_text(
        "import sys\n"
        "from trader.cli import main, verbs\n"
        "verbs.VERBS['bug'] = verbs.Verb('bug:command', '')\n"
        "sys.argv = ['trader', 'bug']\n"
        "main.main()\n"
    )

    run = subprocess.run(
        [sys.executable, "start.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    details = next((tmp_path / "var/logs").glob("trader-bug-*.txt"))
    assert str(details.relative_to(tmp_path)) in run.stderr
    assert "ZeroDivisionError" in details.read_text()


@pytest.mark.slow
def test_help_and_the_package_pull_in_nothing_heavy():
    code = f"import sys, trader, trader.cli.main as m; m.overview(); sys.exit(bool(set({HEAVY!r}) & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
    heavy = code.replace("import sys,", "import sys, pandas,")
    assert subprocess.run([sys.executable, "-c", heavy], check=False, timeout=60).returncode == 1


def test_help_answers_within_0_4_seconds():
    def seconds():
        begin = time.perf_counter()
        assert trader("--help").returncode == 0
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(5)) <= 0.4


def test_the_console_script_is_installed():
    script = Path(sys.executable).with_name("trader")

    run = subprocess.run(
        [script, "--version"], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
    )

    assert run.stdout.startswith("247trader ")
