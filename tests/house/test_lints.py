"""The house rules hold, and each one sees the fault that is planted for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import lints
from tests.house.floors import floor_of, floors_of, homeless

ROOT = Path(__file__).resolve().parents[2]
FLOORS = floors_of(ROOT / "pyproject.toml")
TURNS = """
class Gateway:
    def stopped(self):
        with self._lock:
            self._core.stopped()
        {}
"""


@pytest.fixture
def plant(tmp_path):
    """A tree with one file in it."""

    def planted(path: str, text: str) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return tmp_path

    return planted


@pytest.mark.slow
@pytest.mark.parametrize(
    "lint",
    [
        lints.too_long,
        lints.badly_named,
        lints.without_promise,
        lints.leftovers,
        lints.strategies_that_know_too_much,
        lints.past_the_gateway,
        lints.out_of_turn,
    ],
    ids=lambda lint: lint.__name__,
)
def test_the_house_rule_holds(lint):
    assert lint(ROOT) == []


@pytest.mark.slow
def test_nothing_below_floor_5_reads_the_world():
    assert lints.forbidden_below_floor_5(ROOT, FLOORS) == []


def test_every_module_stands_on_a_floor():
    assert homeless(ROOT, FLOORS) == []


@pytest.mark.parametrize(
    ("lint", "path", "text"),
    [
        pytest.param(lints.too_long, "trader/a.py", "x = 1\n" * 301, id="a long module"),
        pytest.param(lints.too_long, "strategies/a.py", "def f():\n" + "    x = 1\n" * 70, id="a long function"),
        pytest.param(lints.badly_named, "trader/risk/utils.py", "", id="utils"),
        pytest.param(lints.badly_named, "tests/Helpers.py", "", id="helpers"),
        pytest.param(lints.without_promise, "trader/a.py", "x = 1\n", id="no promise"),
        pytest.param(lints.leftovers, "trader/a.py", f"x = 1  # {'todo'.upper()} later\n", id="put off"),
        pytest.param(lints.leftovers, "trader/a.py", "try:\n    f()\nexcept:\n    pass\n", id="bare except"),
        pytest.param(lints.leftovers, "trader/a.py", "try: f()\nexcept (ValueError, Exception): g()\n", id="broad"),
        pytest.param(lints.strategies_that_know_too_much, "strategies/a.py", "import trader.desk\n", id="strategy"),
        pytest.param(lints.past_the_gateway, "trader/running/a.py", "g.core.close_out()\n", id="past the gateway"),
        pytest.param(lints.past_the_gateway, "trader/a.py", "def f(): return g._core\n", id="past it, in private"),
        pytest.param(
            lints.past_the_gateway, "trader/a.py", "from trader.gateway.core import TradingCore\n", id="a second core"
        ),
        pytest.param(lints.out_of_turn, lints.GATEWAY, TURNS.format("self._core.stopped()"), id="out of turn"),
        pytest.param(lints.out_of_turn, lints.GATEWAY, TURNS.format("with self.lock: self._core"), id="another lock"),
    ],
)
def test_the_planted_fault_is_seen(lint, path, text, plant):
    found = lint(plant(path, text))

    assert len(found) == 1
    assert path in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "import random\n",
        "import threading\n",
        "import requests.sessions\n",
        "import logging\n",
        "from uuid import uuid4\n",
        "from time import time\n",
        "from os import environ\n",
        "import os\nkey = os.environ['KEY']\n",
        "from datetime import UTC, datetime\nnow = datetime.now(UTC)\n",
        "import datetime as dt\nnow = dt.datetime.now(dt.UTC)\n",
        "import time as t\nnow = t.monotonic()\n",
        "text = open('a').read()\n",
        "import pandas as pd\n",
        "def f():\n    from pandas import DataFrame\n",
    ],
)
def test_reading_the_world_below_floor_5_is_seen(text, plant):
    assert lints.forbidden_below_floor_5(plant("trader/desk.py", text), FLOORS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("trader/market/feed.py", "import time\nnow = time.time()\n", id="floor 5 may"),
        pytest.param("trader/signals/trend.py", "import pandas as pd\n", id="signals are columns"),
        pytest.param("trader/desk.py", "from datetime import date\nzero = date(2024, 1, 1)\n", id="a constant instant"),
    ],
)
def test_what_is_allowed_is_not_flagged(path, text, plant):
    assert lints.forbidden_below_floor_5(plant(path, text), FLOORS) == []


def test_a_module_without_a_floor_is_seen(plant):
    assert homeless(plant("trader/attic.py", ""), FLOORS)
    assert floor_of("trader.risk.rules.cash", FLOORS) == 1
    assert floor_of("trader.risk.engine", FLOORS) == 2


@pytest.mark.parametrize(
    ("path", "text", "kept"),
    [
        pytest.param("trader/model/trading.py", "import trader.cli\n", False, id="up"),
        pytest.param("trader/model/trading.py", "def f(): import trader.market.history\n", False, id="up, hidden"),
        pytest.param("trader/market/history.py", "import trader.model.trading\n", True, id="down"),
    ],
)
def test_the_floors_contract_breaks_on_an_import_upwards(path, text, kept, plant):
    for name in ("trader/__init__.py", "trader/cli.py", "trader/model/__init__.py", "trader/model/trading.py",
                 "trader/market/__init__.py", "trader/market/history.py"):  # fmt: skip
        plant(name, "")
    root = plant(path, text)
    (root / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    code = (
        "import sys; sys.path.insert(0, '.'); "
        "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )

    assert (run.returncode == 0) is kept, run.stdout
    assert ("BROKEN" in run.stdout) is not kept
