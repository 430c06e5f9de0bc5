"""
Each record's hash is over the one before, its own header and its own body.

So no record can change, vanish from the middle or move without every later
hash being wrong.  What a chain cannot see by itself, a missing tail, the
published head sees (`trader.state.head`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from trader.model.codec import dumps
from trader.model.events import Event, IntentStored, OrderChanged, OrderFilled
from trader.model.scalars import write_time

GENESIS = "0" * 64
"""What the first record follows."""

_HEADER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr)


class Record(NamedTuple):
    """One event as it is stored, in the order of the table's columns."""

    seq: int
    time: str
    kind: str
    epoch: int
    cycle_id: str | None
    client_order_id: str | None
    fill_id: str | None
    body: str
    prev: str
    hash: str


def hash_of(seq: int, header: tuple[Any, ...], body: str, prev: str) -> str:
    """SHA-256 over *prev*, the canonical header (seq, time, kind, epoch and the three ids) and *body*."""
    text = f"{prev}{_HEADER.encode((seq, *header))}\n{body}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def true_hash(record: Record) -> str:
    """The hash *record* should have."""
    return hash_of(record.seq, record[1:7], record.body, record.prev)


def link(events: Iterable[Event], *, seq: int, prev: str, epoch: int) -> list[Record]:
    """*events* as the records that follow record *seq*, whose hash is *prev*."""
    records = []
    for event in events:
        seq += 1
        body = dumps(event)
        header = (_time(event), type(event).__name__, epoch, getattr(event, "cycle_id", None), *_order_ids(event))
        found = hash_of(seq, header, body, prev)
        records.append(Record(seq, *header, body, prev, found))
        prev = found
    return records


def _time(event: Event) -> str:
    return write_time(event.fill.time if isinstance(event, OrderFilled) else event.time)


def _order_ids(event: Event) -> tuple[str | None, str | None]:
    if isinstance(event, OrderFilled):
        return event.fill.client_order_id, event.fill.fill_id
    if isinstance(event, IntentStored):
        return event.intent.client_order_id, None
    if isinstance(event, OrderChanged):
        return event.client_order_id, None
    return None, None
