"""The page carries the very document, needs nothing from outside and trusts no text."""

from __future__ import annotations

import copy
import re

import pytest

from tests.reporting.runs import a_run
from trader.reporting import html as page
from trader.reporting.document import build_report
from trader.reporting.html import embedded_reports, render_comparison, render_html
from trader.reporting.store import read_report, write_report

REPORT = build_report(a_run())
PAGE = render_html(REPORT)
SIX_MB = 6_000_000


@pytest.mark.slow
def test_the_document_in_the_page_is_the_file(tmp_path):
    path = write_report(tmp_path, REPORT)

    assert embedded_reports(render_html(read_report(path))) == [read_report(path)]


def test_numbers_on_the_page_are_the_numbers_of_the_json():
    shown = re.findall(r'<data value="([^"]*)" data-metric="([^"]*)">', PAGE.decode())

    assert {key for _, key in shown} == set(REPORT["summary"])
    for value, key in shown:
        expected = REPORT["summary"][key]
        assert (float(value) if value else None) == (None if expected is None else float(expected))


def test_the_page_is_small_strict_and_loads_nothing():
    text = PAGE.decode()
    own = text[: text.index('id="figures-packed"')]

    assert len(PAGE) <= SIX_MB
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:" in own
    assert "://" not in re.sub(r'<script type="application/json".*?</script>', "", own, flags=re.DOTALL)
    assert not re.search(r"<(link|img|iframe|script)[^>]+(src|href)=(?!\"data:,\")", own)


@pytest.mark.slow
def test_a_page_of_thirty_two_products_and_thousands_of_fills_stays_small():
    report = copy.deepcopy(REPORT)
    report["trades"] *= 12
    report["round_trips"] *= 12
    many = {f"X{number}-USD": report["bars"]["BTC-USD"] for number in range(8)}
    report["bars"] |= many

    rendered = render_html(report)

    assert len(rendered) <= SIX_MB
    assert b'<script type="application/gzip" class="report">' in rendered
    assert embedded_reports(rendered) == [report]


def test_the_same_report_gives_the_same_page():
    assert render_html(copy.deepcopy(REPORT)) == PAGE


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\"'&<!--"


def test_untrusted_text_stays_text():
    report = copy.deepcopy(REPORT)
    report["metadata"] |= {"name": EVIL, "warnings": [EVIL], "config": {EVIL: EVIL}, "mode": EVIL, "seed": None}
    report["metadata"]["strategies"] = [EVIL]
    report["trades"][0] |= {"reason": EVIL, "strategy": EVIL}
    report["round_trips"][0] |= {"strategy": EVIL, "exit_reason": EVIL}
    report["rejections"]["events"][0] |= {"risk_reason": EVIL, "strategy": EVIL, "unit": EVIL, "outcome": EVIL}
    report["rejections"]["by_reason"][EVIL] = 1
    report["exposure"]["by_theme"][EVIL] = report["exposure"]["by_theme"]["MEME"]
    report["bars"][EVIL] = report["bars"]["BTC-USD"]

    for rendered in (render_html(report), render_comparison([(EVIL, report), ("other", REPORT)])):
        text = rendered.decode()
        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text
        assert "49" not in re.findall(r"<h1>(.*?)</h1>", text)[0]
        assert embedded_reports(rendered)[0] == report
    assert not [name for name in map(str, walk(page.figure_specs(report))) if "<img" in name]


def walk(spec):
    if isinstance(spec, dict):
        for value in spec.values():
            yield from walk(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from walk(value)
    else:
        yield spec


@pytest.mark.slow
@pytest.mark.parametrize("empty", ["trades", "round_trips", "equity", "monthly_returns_pct", "bars"])
def test_a_report_without_this_still_renders(empty):
    report = REPORT | {empty: {} if empty == "bars" else []}

    assert embedded_reports(render_html(report)) == [report]


def test_undefined_numbers_are_dashes():
    report = REPORT | {"summary": dict.fromkeys(REPORT["summary"]) | {"total_trades": 0, "bars": 0, "decisions": 0}}
    report["summary"] |= {"fees_usd": 0.0, "slippage_usd": 0.0, "final_nlv_usd": 10_000.0, "total_pnl_usd": 0.0}

    text = render_html(report).decode()

    assert '<data value="" data-metric="sharpe">–</data>' in text
    assert "None" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_a_comparison_shows_each_number_the_difference_and_what_was_not_the_same():
    other = copy.deepcopy(REPORT)
    other["summary"]["total_trades"] += 10
    other["metadata"]["config_hash"] = "f" * 64

    text = render_comparison([("before", REPORT), ("after", other)]).decode()

    relative = 10 / REPORT["summary"]["total_trades"] * 100
    assert f"+10 (+{relative:.1f} %)" in text
    assert "Not the same in all: config hash" in text
    assert "every fill equal" in text
