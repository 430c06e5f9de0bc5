"""The request log: numbered, read in parts, honest about what it has forgotten, and the desk is in it too."""

from __future__ import annotations

import pytest

from tests.simulator.conftest import on_stage
from trader.simulator.station import LOG_MAX

pytestmark = pytest.mark.slow


@pytest.fixture
def own(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


def test_rows_are_numbered_and_read_from_a_number_on(own):
    for _ in range(3):
        own.sdk.get_accounts()
    own.sdk.get_unix_time()
    whole = own.see("/log")
    assert [row["number"] for row in whole["requests"]] == [1, 2, 3, 4]
    assert (whole["last"], whole["more"], whole["forgotten"]) == (4, False, 0)

    assert [row["number"] for row in own.see("/log?since=2")["requests"]] == [3, 4]
    assert [row["number"] for row in own.see("/log?route=accounts&since=1")["requests"]] == [2, 3]
    page = own.see("/log?limit=3")
    assert ([row["number"] for row in page["requests"]], page["more"]) == ([1, 2, 3], True)
    assert own.see("/log?since=4")["requests"] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=soon", "since: wanted a number, got 'soon'"),
        ("limit=0", "limit is 0; wanted a number from 1 to 20000"),
        ("rout=accounts", "did you mean route?"),
    ],
)
def test_a_wrong_question_is_a_sentence(own, query, words):
    answer = own._admin.get(f"/log?{query}")
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_a_full_log_says_how_much_it_has_forgotten_and_counts_on(own):
    station = own.simulator.station
    for _ in range(LOG_MAX + 5):
        station.note("GET", "/x", "products", None)
    own.sdk.get_accounts()

    told = own.see("/log?since=20004")
    assert (told["last"], told["forgotten"]) == (LOG_MAX + 6, 6)
    assert told["requests"][-1]["route"] == "accounts"
    assert own.see("/")["requests"] == station.count == LOG_MAX + 6
    assert (len(station.log), station.asked["products"], station.asked["accounts"]) == (LOG_MAX, LOG_MAX + 5, 1)


def test_what_the_director_does_is_in_the_log_and_what_he_reads_is_not(own):
    own.see("/truth")
    own.direct("/settings", cancel_seconds=1)
    own.direct("/deposit", currency="USD", amount="5")
    own._admin.post("/listings", json={"product_id": "NO-USD"})
    own._admin.post("/clock", content=b"{")

    rows = own.see("/log?route=desk")["requests"]
    assert [(row["path"], row["status"]) for row in rows] == [
        ("/settings", 200),
        ("/deposit", 200),
        ("/listings", 404),
        ("/clock", 400),
    ]
    assert rows[0]["note"] == '{"cancel_seconds":1}'
