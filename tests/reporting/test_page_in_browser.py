"""The page in a real browser: drawn, silent, offline, and inside its width."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.reporting.runs import a_run
from trader.reporting.document import build_report
from trader.reporting.html import render_comparison, render_html
from trader.reporting.store import read_report, write_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LOCAL = ("file:", "data:", "blob:")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]
TRACES = """plot => plot.querySelectorAll(
  '.scatterlayer .trace, .barlayer .trace, .boxlayer .trace, .waterfalllayer .trace, .trace.boxes').length"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    first, second = build_report(a_run(days=200, trips=120)), build_report(a_run(days=200, trips=120, seed=9))
    write_report(folder, first)
    (folder / "report.html").write_bytes(render_html(first))
    (folder / "comparison.html").write_bytes(render_comparison([("one", first), ("two", second)]))
    (folder / "empty.html").write_bytes(render_html(build_report(a_run(days=5, trips=0))))
    return folder


class Opened:
    """A page, what it said on the console and what it asked the network for."""

    def __init__(self, browser, url, width, scheme="light"):
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("report", 1280, "light"),
        ("report", 400, "dark"),
        ("comparison", 1280, "dark"),
        ("comparison", 400, "light"),
        ("empty", 400, "light"),
    ],
)
def test_everything_is_drawn_and_nothing_is_said_or_asked(name, width, scheme, browser, pages):
    opened = Opened(browser, (pages / f"{name}.html").as_uri(), width, scheme)

    plots = opened.page.query_selector_all(".plot")
    assert len(plots) >= 3
    for plot in plots:
        assert plot.query_selector("svg.main-svg") is not None, plot.get_attribute("data-figure")
        assert plot.evaluate(TRACES) > 0, plot.get_attribute("data-figure")
    assert opened.page.get_attribute("html", "data-drawn") == "yes"
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith(LOCAL)] == []
    assert opened.overflow() == 0
    opened.page.close()


def test_the_document_in_the_page_is_the_file(browser, pages):
    opened = Opened(browser, (pages / "report.html").as_uri(), 1280)

    embedded = opened.page.evaluate("document.querySelector('script.report').textContent")

    assert json.loads(embedded) == read_report(pages)
    opened.page.close()


def test_the_policy_forbids_what_the_page_never_does(browser, pages):
    opened = Opened(browser, (pages / "report.html").as_uri(), 1280)

    outcome = opened.page.evaluate("fetch('https://example.invalid/').then(() => 'loaded', () => 'refused')")

    assert outcome == "refused"
    assert any("Content Security Policy" in line for line in opened.said), "refused by the policy, not by the network"
    opened.page.close()


def test_another_symbol_can_be_chosen_and_zooming_fits_the_prices(browser, pages):
    opened = Opened(browser, (pages / "report.html").as_uri(), 1280)
    page = opened.page

    page.select_option("#candle-symbol", "candles:DOGE-USD")
    page.wait_for_function("document.getElementById('candle-plot').data[0].name === 'DOGE-USD'")
    whole = page.evaluate("document.getElementById('candle-plot').layout.yaxis.range")
    page.evaluate("Plotly.relayout('candle-plot', {'xaxis.range': ['2024-06-01', '2024-06-08']})")
    page.wait_for_function(
        "whole => { const now = document.getElementById('candle-plot').layout.yaxis.range;"
        " return now[1] - now[0] < (whole[1] - whole[0]) / 2 }",
        arg=whole,
    )
    assert opened.said == []
    page.close()


def test_a_column_sorts_by_number_both_ways(browser, pages):
    opened = Opened(browser, (pages / "report.html").as_uri(), 1280)
    column = "[...document.querySelectorAll('table.sortable tbody tr')].map(row => Number(row.cells[4].dataset.key))"

    opened.page.click("table.sortable thead th:nth-child(5) button")
    rising = opened.page.evaluate(column)
    opened.page.click("table.sortable thead th:nth-child(5) button")
    falling = opened.page.evaluate(column)

    assert rising == sorted(rising)
    assert falling == rising[::-1] or falling == sorted(rising, reverse=True)
    opened.page.close()


def test_it_prints(browser, pages):
    opened = Opened(browser, (pages / "report.html").as_uri(), 1280, "dark")

    assert opened.page.pdf(format="A4", print_background=True).startswith(b"%PDF")
    assert opened.said == []
    opened.page.close()
