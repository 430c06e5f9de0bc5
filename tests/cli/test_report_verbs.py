"""`trader report` and `trader compare`: files, words and exit codes."""

from __future__ import annotations

import copy
import json

import pytest

from tests.reporting.runs import a_run
from trader.backtest.compare import baseline_of
from trader.cli import main as cli
from trader.reporting.canonical import dumps
from trader.reporting.document import build_report
from trader.reporting.html import embedded_reports
from trader.reporting.store import read_report, write_report

REPORT = build_report(a_run(days=200, trips=120))


@pytest.fixture
def folder(tmp_path):
    write_report(tmp_path / "now", REPORT)
    (tmp_path / "baseline.json").write_bytes(dumps(baseline_of(REPORT, ["cooldown"])))
    return tmp_path


def trader(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code, capsys.readouterr()


def test_one_report_becomes_a_page_beside_it(folder, capsys):
    code, said = trader(capsys, "report", folder / "now" / "report.json")

    page = folder / "now" / "report.html"
    assert code == 0
    assert str(page) in said.out
    assert embedded_reports(page.read_bytes()) == [read_report(folder / "now")]


def test_several_become_one_comparison(folder, capsys):
    write_report(folder / "then", REPORT)

    code, said = trader(capsys, "report", folder / "now", folder / "then", "--out", folder / "both.html", "--json")

    assert code == 0
    assert json.loads(said.out)["html"] == str(folder / "both.html")
    assert len(embedded_reports((folder / "both.html").read_bytes())) == 2
    assert "<h1>now · then</h1>" in (folder / "both.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "{}/none.json"), "No such file"),
        (("report", "{}/baseline.json"), "not a report"),
        (("report", "{}/now", "--out", "{}"), "is a folder"),
        (("compare", "{}/none.json", "{}/now"), "No such file"),
        (("compare", "{}/baseline.json", "{}/baseline.json"), "not a report"),
        (("compare", "{}/baseline.json", "{}/now", "--min-round-trips", "5000"), "fewer than 5000"),
        (("compare", "{}/baseline.json", "{}/now", "--tolerance-pct", "nan"), "not a percentage"),
        (("compare", "{}/baseline.json", "{}/now", "--tolerance-pct", "-1"), "not a percentage"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_2(arguments, says, folder, capsys):
    code, said = trader(capsys, *(argument.format(folder) for argument in arguments))

    assert code == 2
    assert says in said.err
    assert "Traceback" not in said.err


@pytest.mark.req("BT3")
def test_equal_reports_pass_with_0(folder, capsys):
    code, said = trader(capsys, "compare", folder / "baseline.json", folder / "now")

    assert code == 0
    assert "pass: tolerance ± 2 %; every fill is equal" in said.out
    assert len(said.out.splitlines()) == 7


@pytest.mark.req("BT3")
def test_a_planted_change_fails_with_1_and_names_the_measure(folder, capsys):
    planted = copy.deepcopy(REPORT)
    planted["summary"]["max_drawdown_pct"] *= 1.1
    write_report(folder / "now", planted)

    code, said = trader(capsys, "compare", folder / "baseline.json", folder / "now")
    assert code == 1
    assert next(line for line in said.out.splitlines() if "MOVED" in line).startswith("max drawdown")
    assert "FAIL" in said.out

    code, said = trader(capsys, "compare", folder / "baseline.json", folder / "now", "--json")
    assert code == 1
    assert json.loads(said.out)["passed"] is False

    code, _ = trader(capsys, "compare", folder / "baseline.json", folder / "now", "--tolerance-pct", "11")
    assert code == 0
