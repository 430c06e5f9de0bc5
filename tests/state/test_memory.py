"""The journals of a backtest: one remembers, one lets everything pass, and neither pretends."""

from __future__ import annotations

import pytest

from benchmarks.bench_backtest import prepared
from trader.state.memory import MemoryJournal, UnreadJournal
from trader.state.refusals import NotInJournal


def test_a_walk_is_the_same_whether_or_not_its_record_is_kept():
    job, journal = prepared(3_000, 60, 1), MemoryJournal()

    kept, unread = job.walk(journal=journal), job.walk()

    assert kept.fills and kept.fills == unread.fills
    assert kept.nlv.tobytes() == unread.nlv.tobytes()
    assert journal.count() > len(kept.fills)


def test_what_was_not_kept_is_not_given_out_as_an_empty_record():
    journal = UnreadJournal()

    for ask in (journal.replay, journal.head):
        with pytest.raises(NotInJournal):
            ask()
