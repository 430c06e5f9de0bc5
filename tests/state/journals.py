"""Journals to try things on: a plausible small story of events, and ways to look at the files."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from trader.model.codec import digest
from trader.model.events import (
    AccountOpened,
    CycleBegan,
    Event,
    IntentStored,
    Marked,
    OrderChanged,
    OrderFilled,
    Started,
)
from trader.model.money import Liquidity
from trader.model.orders import Fill, OrderIntent, OrderStatus, OrderType
from trader.model.trading import Side
from trader.state.journal import SqliteJournal
from trader.state.refusals import JournalDamaged
from trader.state.view import JournalView

T0 = datetime(2024, 5, 1, tzinfo=UTC)
OPENED = AccountOpened(T0, "PAPER", "main", Decimal(10_000), "0.1", "ab" * 32)
STARTED = Started(T0, 1, "0.1", "ab" * 32)


def at(n: int) -> datetime:
    return T0 + timedelta(minutes=n)


def an_intent(n: int, side: Side = Side.BUY) -> IntentStored:
    return IntentStored(
        at(n),
        OrderIntent(
            f"t247-{n}", at(n), "BTC-USD", side, "sma_cross", Decimal("0.01"), OrderType.MARKET, None,
            Decimal(60_000), Decimal(604), Decimal(58_000), Decimal(64_000), reason="an event",
        ),
    )  # fmt: skip


def a_fill(n: int, fill_id: str | None = None, price: str = "60000.5") -> OrderFilled:
    return OrderFilled(
        Fill(
            fill_id or f"f{n}", f"t247-{n}", at(n), "BTC-USD", Side.BUY, Decimal("0.01"), Decimal(price),
            Decimal("3.6"), Liquidity.TAKER, "sma_cross",
        )
    )  # fmt: skip


def batch(n: int) -> list[Event]:
    """One commit of the story: an order decided, sent and filled, and the mark after it."""
    return [
        an_intent(n),
        OrderChanged(at(n), f"t247-{n}", OrderStatus.SENT),
        a_fill(n),
        Marked(at(n), Decimal(10_000) - n),
    ]


def story(batches: int) -> list[list[Event]]:
    """The account's opening and *batches* commits after it."""
    return [[OPENED, STARTED], *(batch(n) for n in range(1, batches + 1))]


def flat(batches: list[list[Event]]) -> list[Event]:
    return [event for each in batches for event in each]


def open_journal(path: Path, account: str = "main") -> SqliteJournal:
    return SqliteJournal(path, mode="PAPER", account=account)


def a_journal(path: Path, batches: int = 3) -> list[Event]:
    """A closed journal at *path*; gives what is in it."""
    with open_journal(path) as journal:
        for events in story(batches):
            journal.append(events)
    return flat(story(batches))


def a_crashed_journal(path: Path, batches: int = 3, backup: Path | None = None) -> list[Event]:
    """As a process killed after its last commit leaves it: the newest records are in the -wal file only."""
    live = path.parent.with_name(path.parent.name + "-live") / path.name
    with open_journal(live) as journal:
        for events in story(batches):
            journal.append(events)
        path.parent.mkdir(parents=True)
        for name in ("state.sqlite", "state.sqlite-wal", "state.head"):
            shutil.copyfile(live.with_name(name), path.with_name(name))
    shutil.rmtree(live.parent)
    return flat(story(batches))


def a_snapshot_text(n: int = 0, size: int = 2_000) -> str:
    """Any text will do for the journal: it vouches for bytes."""
    return ",".join(str(n + i * i) for i in range(size))


def began(n: int, text: str) -> CycleBegan:
    return CycleBegan(at(n), f"c{n}", digest(text))


def files(path: Path) -> dict[str, bytes]:
    """What lies in the folder of *path*; -shm is SQLite's scratch memory and says nothing."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}


def written(contents: dict[str, bytes]) -> dict[str, bytes]:
    """*contents* without the empty -wal that a reader may leave behind."""
    return {name: content for name, content in contents.items() if content or not name.endswith("-wal")}


def restore(path: Path, contents: dict[str, bytes]) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    for name, content in contents.items():
        path.with_name(name).write_bytes(content)


def damage_of(path: Path) -> str:
    """Why the journal at *path* does not open, '' where it does; either way the files stay as they were."""
    before = files(path)
    try:
        JournalView(path).close()
    except JournalDamaged as damage:
        assert files(path) == before
        return damage.what
    assert written(files(path)) == written(before)
    return ""


def raw(path: Path) -> sqlite3.Connection:
    """The file as any other program opens it."""
    return sqlite3.connect(path, isolation_level=None)
