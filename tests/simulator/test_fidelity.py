"""Every behaviour of the simulated venue: asked for, known from somewhere, and proved by a test that is there."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from trader.simulator.faults import KINDS
from trader.simulator.limits import LimitRules
from trader.simulator.settings import VenueSettings
from trader.simulator.tokens import TokenRules

HERE = Path(__file__).parent
ITEMS = range(1, 19)
TAGS = set("RODISETHU")
KNOBS = {row.name for rules in (VenueSettings, LimitRules, TokenRules) for row in fields(rules)}
SWITCHES = KNOBS | {"client_id"}
RECORDED = Path(os.environ.get("TRADER_TEST_DATA", "")) / "coinbase_payloads"


def table():
    return tomllib.loads((HERE / "fidelity.toml").read_text(encoding="utf-8"))["clause"]


def proved_here():
    found = set()
    for path in HERE.glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {f"{path.name}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    return found


def recordings(source):
    """The files of recorded payloads that a source names."""
    return re.findall(r"(?:^|[;,] |in )R (\S+\.jsonl?)", source)


def gaps(clauses, there, recorded=None):
    """Everything that is missing from the table, as sentences; with *recorded*, also recordings that are not there."""
    found = [f"item {item}: no clause" for item in ITEMS if item not in {row["item"] for row in clauses}]
    for row in clauses:
        where = f"item {row['item']} ({row['what']})"
        tags = {part.strip()[:1] for part in row.get("source", "").split(";")}
        found += [f"{where}: no source"] if not tags <= TAGS or not row.get("source") else []
        found += [f"{where}: no test"] if not row.get("tests") else []
        found += [f"{where}: no test is called {name}" for name in row.get("tests", []) if name not in there]
        if "U" in tags and row.get("switch") not in SWITCHES:
            found.append(f"{where}: nobody knows it, so it needs a switch")
        if "R" in tags and not recordings(row["source"]):
            found.append(f"{where}: which recording?")
        if recorded is not None:
            lost = [name for name in recordings(row["source"]) if not (recorded / name).is_file()]
            found += [f"{where}: no recording {name}" for name in lost]
    return found


def test_every_item_is_known_from_somewhere_and_proved_here():
    assert gaps(table(), proved_here()) == []


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded payloads: set TRADER_TEST_DATA")
def test_every_recording_that_is_cited_is_there():
    assert gaps(table(), proved_here(), RECORDED) == []
    assert sum(len(recordings(row["source"])) for row in table()) > 20


def without(item):
    return [row for row in table() if row["item"] != item]


@pytest.mark.slow
@pytest.mark.parametrize("item", ITEMS)
def test_a_missing_item_is_seen(item):
    assert gaps(without(item), proved_here()) == [f"item {item}: no clause"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tests": ["test_orders.py::test_nobody_wrote"]}, "no test is called test_orders.py::test_nobody_wrote"),
        ({"tests": []}, "no test"),
        ({"source": ""}, "no source"),
        ({"source": "X hearsay"}, "no source"),
        ({"source": "U nobody knows"}, "needs a switch"),
        ({"source": "R from memory"}, "which recording?"),
        ({"source": "R errors/none.json"}, "no recording errors/none.json"),
    ],
)
def test_a_clause_without_a_leg_to_stand_on_is_seen(change, words, tmp_path):
    row = {"item": 1, "what": "x", "source": "D docs", "tests": ["test_orders.py::test_a_gtd_order_expires"]}
    assert gaps([*without(1), row], proved_here()) == []
    assert any(words in line for line in gaps([*without(1), row | change], proved_here(), tmp_path))


def all_tests():
    return "".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path != Path(__file__))


@pytest.mark.parametrize("name", sorted({*KINDS, *KNOBS}))
def test_every_fault_and_every_knob_is_turned_by_a_test(name):
    assert re.search(rf"\b{name}\b", all_tests())
