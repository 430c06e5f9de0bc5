"""
The page of a report.

Drawn from the report documents alone, and complete in itself: the figures, the
library that draws them and the very JSON lie inside, and its security policy
forbids it to load anything.  Every text of a report is treated as untrusted.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from trader.reporting import comparison_tables, tables, wording
from trader.reporting.canonical import Json, dumps
from trader.reporting.figures import comparison_specs, figure_specs
from trader.reporting.palette import DARK, LIGHT, css_variables

TEMPLATES = Path(__file__).with_name("templates")
POLICY = Markup(
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
MAX_PLAIN_BYTES = 2_500_000
"""A report beyond this lies packed in its page, so that the page stays within 6 MB."""

RUN_CARD = (
    ("engine_version", "Engine"),
    ("mode", "Mode"),
    ("strategies", "Strategies"),
    ("symbols", "Symbols"),
    ("granularity", "Granularity"),
    ("start", "Start"),
    ("end", "End (exclusive)"),
    ("starting_cash_usd", "Starting cash"),
    ("fees_bps", "Fees, bps"),
    ("seed", "Seed"),
    ("config_hash", "Config hash"),
    ("data_hash", "Data hash"),
)


def render_html(report: Json) -> bytes:
    """The page of one report."""
    name = report["metadata"].get("name") or ", ".join(report["metadata"]["strategies"])
    return _render("report.html.j2", [(name, report)], figure_specs(report), title=name)


def render_comparison(reports: Sequence[tuple[str, Json]]) -> bytes:
    """The page that lays several named reports side by side; the first is what the others are measured by."""
    title = " · ".join(name for name, _ in reports)
    return _render("comparison.html.j2", reports, comparison_specs(reports), title=title)


def embedded_reports(page: bytes) -> list[Json]:
    """The report documents that lie in *page*, as the page's own script would read them."""
    element = r'<script type="application/(json|gzip)" class="report">(.*?)</script>'
    found = re.findall(element, page.decode(), re.DOTALL)
    return [json.loads(gzip.decompress(base64.b64decode(text)) if kind == "gzip" else text) for kind, text in found]


def _render(template: str, reports: Sequence[tuple[str, Json]], specs: Json, title: str) -> bytes:
    page = (
        _environment()
        .get_template(template)
        .render(
            policy=POLICY,
            specs=specs,
            figures_packed=_packed(dumps(specs)),
            plotly_packed=_plotly_packed(),
            palettes=_inert(dumps({"light": LIGHT, "dark": DARK})),
            embedded=[_embedded(dumps(report)) for _, report in reports],
            title=title,
            reports=list(reports),
        )
    )
    return page.encode("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        w=wording,
        t=tables,
        c=comparison_tables,
        run_card=RUN_CARD,
        light=Markup(css_variables(LIGHT)),
        dark=Markup(css_variables(DARK)),
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return environment


@cache
def _plotly_packed() -> Markup:
    from plotly.offline import get_plotlyjs

    return _packed(get_plotlyjs().encode("utf-8"))


def _packed(content: bytes) -> Markup:
    return Markup(base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii"))


def _inert(content: bytes) -> Markup:
    """JSON that cannot end the script element it stands in, and parses to the same."""
    return Markup(content.decode("utf-8").replace("<", "\\u003c"))


def _embedded(content: bytes) -> Markup:
    if len(content) > MAX_PLAIN_BYTES:
        return Markup('<script type="application/gzip" class="report">{}</script>').format(_packed(content))
    return Markup('<script type="application/json" class="report">{}</script>').format(_inert(content))
