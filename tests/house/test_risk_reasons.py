"""docs/RISK_REASONS.md lists every reason, as the rules themselves say it, and a changed word is noticed."""

from __future__ import annotations

import re

import pytest

from tests.house import risk_reasons
from trader.model.trading import RiskReason

PAGE = (risk_reasons.ROOT / risk_reasons.PAGE).read_text(encoding="utf-8")


def test_the_page_is_what_the_rules_say():
    assert risk_reasons.out_of_step(PAGE) == []


def test_a_changed_word_is_noticed():
    (found,) = risk_reasons.out_of_step(PAGE.replace("`cooldown`", "`cool_down`", 1))

    assert "python -m tests.house.risk_reasons" in found


def test_every_reason_is_given_by_somebody():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .{20,} \|$", PAGE, re.MULTILINE)

    assert list(dict.fromkeys(rows)) == [reason.value for reason in RiskReason]


@pytest.mark.parametrize(
    ("kind", "name", "reasons"),
    [
        pytest.param("rules", "cash", {RiskReason.CASH}, id="written in the rule"),
        pytest.param("rules", "min_notional", {RiskReason.MIN_NOTIONAL}, id="a constant"),
        pytest.param("rules", "spread", {RiskReason.SPREAD}, id="through a function"),
        pytest.param("breakers", "drawdown", {RiskReason.DRAWDOWN}, id="a breaker"),
        pytest.param(
            "rules",
            "schema",
            {RiskReason.SCHEMA, RiskReason.UNKNOWN_STATE, RiskReason.SHORTING_DISALLOWED},
            id="a defect's own",
        ),
    ],
)
def test_a_rules_reasons_are_read_from_its_code(kind, name, reasons):
    assert risk_reasons.reasons_of(kind, name) == reasons
