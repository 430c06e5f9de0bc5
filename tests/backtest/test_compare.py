"""The regression gate trips on a planted change and never passes on a baseline that proves nothing."""

from __future__ import annotations

import copy

import pytest

from tests.reporting.runs import a_run
from trader.backtest.compare import MEASURES, BaselineUnusable, baseline_of, compare, read_baseline
from trader.reporting.canonical import dumps
from trader.reporting.document import build_report
from trader.reporting.store import ReportInvalid

REPORT = build_report(a_run())
RULES = ["theme_cap", "position_cap", "cooldown"]
BASELINE = baseline_of(REPORT, RULES, min_round_trips=100)


def moved(measure, factor):
    report = copy.deepcopy(REPORT)
    report["summary"][measure] *= factor
    return report


def on_disk(document, tmp_path):
    path = tmp_path / "baseline.json"
    path.write_bytes(dumps(document))
    return path


@pytest.mark.req("BT3")
def test_the_same_report_passes():
    comparison = compare(BASELINE, REPORT)

    assert comparison.passed
    assert comparison.same_fills
    assert [change.measure for change in comparison.changes] == list(MEASURES)
    assert {change.difference_pct for change in comparison.changes} == {0.0}


@pytest.mark.slow
@pytest.mark.req("BT3")
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("factor", "passes"),
    [(1.019, True), (0.981, True), (1.021, False), (0.979, False), (-1.0, False), (0.0, False)],
)
def test_each_measure_may_move_two_per_cent_and_no_more(measure, factor, passes):
    comparison = compare(BASELINE, moved(measure, factor))

    assert comparison.passed is passes
    assert [change.measure for change in comparison.changes if not change.passed] == ([] if passes else [measure])


def test_the_very_edge_is_inside_and_the_tolerance_is_the_callers():
    baseline = copy.deepcopy(BASELINE)
    baseline["summary"]["total_trades"] = 200
    report = copy.deepcopy(REPORT)

    verdicts = []
    for trades in (204, 205, 196, 195):
        report["summary"]["total_trades"] = trades
        verdicts.append(compare(baseline, report, 2.0).passed)

    assert verdicts == [True, False, True, False]
    assert compare(baseline, report, 2.5).passed


def test_an_undefined_measure_in_the_report_fails():
    report = copy.deepcopy(REPORT)
    report["summary"]["profit_factor"] = None

    assert not compare(BASELINE, report).passed


def test_a_loss_that_deepens_is_a_negative_difference():
    baseline, report = copy.deepcopy(BASELINE), copy.deepcopy(REPORT)
    baseline["summary"]["total_pnl_usd"], report["summary"]["total_pnl_usd"] = -100.0, -150.0

    change = compare(baseline, report).changes[0]

    assert change.difference_pct == -50.0


@pytest.mark.req("BT3")
def test_a_declared_rule_that_fell_silent_fails_even_where_no_measure_moved():
    report = copy.deepcopy(REPORT)
    del report["rejections"]["by_reason"]["cooldown"]

    comparison = compare(BASELINE, report)

    assert comparison.silent_rules == ("cooldown",)
    assert not comparison.passed


def test_what_differs_in_the_inputs_is_named():
    report = copy.deepcopy(REPORT)
    report["metadata"]["config_hash"] = "f" * 64

    assert compare(BASELINE, report).different_inputs == ("config_hash",)


def test_a_baseline_and_a_whole_report_can_both_be_read(tmp_path):
    assert read_baseline(on_disk(BASELINE, tmp_path)) == BASELINE
    assert read_baseline(on_disk(REPORT, tmp_path)) == REPORT
    assert len(dumps(BASELINE)) < 5_000


def without(key, inner):
    document = copy.deepcopy(BASELINE)
    del document[key][inner]
    return document


VACUOUS = [
    pytest.param(BASELINE | {"summary": {}}, "has no total_pnl_usd", id="no measures"),
    pytest.param(without("summary", "profit_factor"), "has no profit_factor", id="one measure missing"),
    pytest.param(BASELINE | {"summary": BASELINE["summary"] | {"win_rate_pct": None}}, "has no win_rate", id="null"),
    pytest.param(BASELINE | {"summary": BASELINE["summary"] | {"total_trades": 0}}, "0 round trips", id="empty"),
    pytest.param(
        BASELINE | {"summary": BASELINE["summary"] | {"total_trades": 99}}, "fewer than 100", id="under its own floor"
    ),
    pytest.param(
        BASELINE | {"declares": {}, "summary": BASELINE["summary"] | {"total_trades": 19}}, "fewer than 20", id="floor"
    ),
    pytest.param(without("rejections", "by_reason"), "theme_cap, which never refused|declares", id="no refusals"),
    pytest.param(
        BASELINE | {"declares": {"entry_rules": ["cash"]}}, "declares cash, which never refused", id="an idle rule"
    ),
    pytest.param(BASELINE | {"declares": {"entry_rules": 3}}, "declares is", id="malformed"),
    pytest.param(BASELINE | {"summary": []}, "summary is not an object", id="summary of another kind"),
]


@pytest.mark.req("BT3")
@pytest.mark.parametrize(("document", "says"), VACUOUS)
def test_a_baseline_that_could_not_notice_anything_is_an_error(document, says, tmp_path):
    with pytest.raises(BaselineUnusable, match=says) as caught:
        read_baseline(on_disk(document, tmp_path))

    assert caught.value.exit_code == 2


def test_what_is_neither_baseline_nor_report_is_an_error(tmp_path):
    with pytest.raises(ReportInvalid, match="not a report"):
        read_baseline(on_disk({"summary": {}}, tmp_path))


def test_no_vacuous_baseline_can_be_made():
    with pytest.raises(BaselineUnusable, match="never refused"):
        baseline_of(REPORT, ["killed"])
