"""The demo believes no exit code: whatever is missing afterwards makes it fail, and says what."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.builders import NOW, a_fill
from trader.cli.demo import DemoFailed, play, where_to_look
from trader.config import load_config
from trader.model.events import AccountOpened, OrderFilled
from trader.state.journal import SqliteJournal, journal_path

ROOT = Path(__file__).resolve().parents[2]


class FakeTrader:
    """Leaves what the two verbs leave, less what *without* names."""

    def __init__(self, without: str = "") -> None:
        self.without = without
        self.asked: list[list[str]] = []

    def __call__(self, arguments: list[str]) -> int:
        self.asked.append(arguments)
        self.backtest(Path(arguments[-1])) if arguments[0] == "backtest" else self.paper(int(arguments[-1]))
        return 5 if self.without == f"a good end of {arguments[0]}" else 0

    def backtest(self, out: Path) -> None:
        out.mkdir(parents=True)
        trades = [] if self.without == "trades" else [{"symbol": "BTC-USD"}]
        (out / "report.json").write_text(
            json.dumps({"trades": trades, "summary": {"total_trades": 1, "total_pnl_pct": 1.5}})
        )
        if self.without != "page":
            (out / "report.html").write_text("<html>")

    def paper(self, cycles: int) -> None:
        folder = Path("reports/cycles/2025-01-01")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(cycles - (self.without == "a cycle")):
            (folder / f"{number:02}0000-20250101T{number:02}0000Z-paper-demo.ipynb").write_text("{}")
        if self.without == "journal":
            return
        events = [AccountOpened(NOW, "paper", "demo", Decimal(10_000), "0", "0")]
        events += [] if self.without == "fills" else [OrderFilled(a_fill())]
        with SqliteJournal(journal_path(Path("var"), "paper", "demo"), mode="paper", account="demo") as journal:
            journal.append(events)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return load_config(ROOT / "config", ["app.account=demo"])


def test_a_demo_says_where_to_look_and_can_be_repeated(config):
    for _ in range(2):
        made = play(config, Path("config/demo"), 3, FakeTrader())

    told = where_to_look({**made, "seconds": 1.0})
    assert os.path.exists(made["report"])
    assert (made["cycles"], made["backtest_fills"], made["paper_fills"]) == (3, 1, 1)
    assert all(str(made[key]) in told for key in ("report", "last_cycle", "journal"))


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("trades", "traded nothing"),
        ("page", "no report.html"),
        ("a cycle", "2 executed notebooks"),
        ("journal", "left no journal"),
        ("fills", "filled nothing"),
        ("a good end of backtest", "backtest left with 5"),
        ("a good end of run", "run left with 5"),
    ],
)
def test_a_demo_that_lacks_something_fails_and_names_it(without, says, config):
    with pytest.raises(DemoFailed, match=says):
        play(config, Path("config/demo"), 3, FakeTrader(without))


def test_a_demo_refuses_to_empty_the_journal_of_another_account(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fake = FakeTrader()

    with pytest.raises(DemoFailed, match="only runs on an account called demo"):
        play(load_config(ROOT / "config"), Path("config"), 3, fake)
    assert fake.asked == []
