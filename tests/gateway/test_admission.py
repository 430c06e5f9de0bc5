"""Nothing a kernel sends is believed: each kind of lie is dropped and named, and the truth passes unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import ALPHA, BETA, BTC, ETH, NOW, SOL, a_membership, a_proposal, a_snapshot
from trader.gateway.admission import MAX_CHARS, MAX_PROPOSALS, Admission
from trader.gateway.desk_info import StrategyFacts
from trader.model.composites import Junk
from trader.model.decision import Proposals, StrategyReport

SNAPSHOT = a_snapshot(
    {BTC: 100, ETH: 10, SOL: 1}, closed={3600: (BTC, ETH)}, membership={s: a_membership(s) for s in (BTC, ETH, SOL)}
)
DOOR = Admission([StrategyFacts(ALPHA, 3600, 50), StrategyFacts("picky", 3600, 50, (ETH,))], known=[ALPHA, "off"])


def sent(*wishes, reports=(), **changes):
    return replace(Proposals(SNAPSHOT.id, NOW, tuple(wishes), tuple(reports)), **changes)


@pytest.mark.req("SEC1", "STR1")
def test_what_a_strategy_may_propose_passes_unchanged():
    honest = sent(a_proposal(), a_proposal(symbol=ETH), reports=[StrategyReport(ALPHA, "ok", "", 2, 0.1)])

    assert DOOR.admit(honest, SNAPSHOT) == honest


@pytest.mark.req("SEC1", "STR1")
@pytest.mark.parametrize(
    ("wish", "says"),
    [
        pytest.param(a_proposal(strategy=BETA), "not enabled here", id="a strategy that does not run"),
        pytest.param(a_proposal(strategy="off"), "not enabled here", id="a strategy that is switched off"),
        pytest.param(a_proposal(strategy=Junk("list", "[]")), "not enabled here", id="no name at all"),
        pytest.param(a_proposal(symbol="XYZ-USD"), "not in the snapshot", id="a symbol nobody knows"),
        pytest.param(a_proposal(symbol=["BTC-USD"]), "not in the snapshot", id="a symbol that is a list"),
        pytest.param(a_proposal(symbol=SOL), "no bar of 3600 s has just closed", id="a symbol it was not asked about"),
        pytest.param(a_proposal(strategy="picky"), "not among the strategy's symbols", id="another's symbol"),
        pytest.param(a_proposal(reason="x" * (MAX_CHARS + 1)), "characters", id="a reason without end"),
        pytest.param(a_proposal(tags=("x" * 60_000,)), "characters", id="tags without end"),
    ],
)
def test_a_lie_is_dropped_and_named_and_the_rest_passes(wish, says):
    honest = a_proposal(symbol=ETH)

    admitted = DOOR.admit(sent(wish, honest), SNAPSHOT)

    assert admitted.proposals == (honest,)
    assert [report.outcome for report in admitted.reports] == ["refused"]
    assert says in admitted.reports[0].detail


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"snapshot_id": "another"}, id="another snapshot"),
        pytest.param({"as_of": NOW.replace(hour=3)}, id="another instant"),
        pytest.param({"proposals": (a_proposal(),) * (MAX_PROPOSALS + 1)}, id="more than anybody means"),
        pytest.param({"reports": (StrategyReport(ALPHA, "ok"),) * 1_001}, id="more reports than strategies"),
    ],
)
def test_what_answers_no_snapshot_of_ours_is_dropped_whole(changes):
    admitted = DOOR.admit(sent(a_proposal(), **changes), SNAPSHOT)

    assert admitted.proposals == ()
    assert (admitted.snapshot_id, admitted.as_of) == (SNAPSHOT.id, NOW)
    assert "all proposals dropped" in admitted.reports[0].detail


def test_reports_of_strangers_are_dropped_and_long_ones_cut():
    reports = [
        StrategyReport("stranger", "ok"),
        StrategyReport("off", "skipped"),
        StrategyReport(ALPHA, "failed", "x" * 9_999),
    ]

    admitted = DOOR.admit(sent(reports=reports), SNAPSHOT)

    assert [report.strategy for report in admitted.reports] == ["off", ALPHA]
    assert len(admitted.reports[1].detail) == MAX_CHARS
