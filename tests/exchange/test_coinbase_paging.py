"""A list is whole, or it is an error; and reading it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.exchange import coinbase_paging
from trader.exchange.coinbase_paging import Page, every_row
from trader.ports import WireDown


class Pages:
    """Pages by cursor, and which were asked for."""

    def __init__(self, **pages):
        self.pages, self.asked = pages, []

    def __call__(self, cursor):
        self.asked.append(cursor)
        return self.pages[cursor or "first"]


def read(**pages):
    return every_row(Pages(**pages), "list")


@pytest.mark.parametrize(
    ("pages", "rows"),
    [
        pytest.param({"first": Page((1, 2), "", False)}, [1, 2], id="one page"),
        pytest.param({"first": Page((1, 2), "b", True), "b": Page((3,), "", False)}, [1, 2, 3], id="two pages"),
        pytest.param({"first": Page((1, 2), "b", True), "b": Page((2, 3), "", False)}, [1, 2, 3], id="they overlap"),
        pytest.param({"first": Page((1,), "ignored", False)}, [1], id="a cursor on the last page"),
        pytest.param({"first": Page((), "b", True), "b": Page((1,), "", False)}, [1], id="an empty page, and more"),
        pytest.param({"first": Page((1,), "")}, [1], id="fills: no cursor"),
        pytest.param({"first": Page((1,), "b"), "b": Page((), "c")}, [1], id="fills: an empty page ends"),
        pytest.param({"first": Page((1,), "b"), "b": Page((2,), "b")}, [1, 2], id="fills: a cursor that repeats"),
    ],
)
def test_every_row_once(pages, rows):
    assert read(**pages) == rows


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param({"first": Page((1,), "", True)}, id="more, and no cursor"),
        pytest.param({"first": Page((1,), "b", True), "b": Page((2,), "b", True)}, id="more, and the same cursor"),
        pytest.param(
            {"first": Page((1,), "b", True), "b": Page((2,), "c", True), "c": Page((1,), "b", True)}, id="a circle"
        ),
    ],
)
def test_half_a_list_is_an_error(pages):
    book = Pages(**pages)

    with pytest.raises(WireDown, match="list: says there is more, and gives no new cursor"):
        every_row(book, "list")
    assert len(book.asked) == len(pages)


def test_a_list_without_end_is_an_error(monkeypatch):
    monkeypatch.setattr(coinbase_paging, "PAGES_MAX", 5)
    asked = []

    def endless(cursor):
        asked.append(cursor)
        return Page((len(asked),), str(len(asked)), True)

    with pytest.raises(WireDown, match="no end after 5 pages"):
        every_row(endless, "list")
    assert len(asked) == 5


@given(st.lists(st.integers(), unique=True, max_size=40), st.integers(1, 7), st.booleans())
def test_however_it_is_cut_all_of_it_comes(rows, size, says_more):
    def page(cursor):
        first = int(cursor or 0)
        more = first + size < len(rows)
        full = len(rows[first : first + size]) == size
        return Page(rows[first : first + size], str(first + size) if more or full else "", more if says_more else None)

    assert every_row(page, "list") == rows
