from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state import nouns
from trader.model.codec import CodecError, Junk, digest, dumps, from_plain, loads, loads_event, to_plain
from trader.model.decision import Decision, Proposals
from trader.model.events import AccountOpened, CycleEnded, OrderFilled, Stopped
from trader.model.market import Bars, FeedHealth, Regime, Snapshot
from trader.model.money import Liquidity
from trader.model.orders import Fill
from trader.model.trading import Side, TradeProposal
from trader.policy import UniversePolicy
from trader.ports import Acknowledged, OutcomeUnknown, Refused

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
FILL = Fill(
    "f1", "t247-BTC-USD-1", NOON, "BTC-USD", Side.BUY, Decimal("0.010"), Decimal(60_000), Decimal("3.6"),
    Liquidity.TAKER, "sma_cross",
)  # fmt: skip
WISH = TradeProposal("BTC-USD", Side.BUY, 2.5, 2.0, 4.0, 0.8, "a crossing", ("fast",), "sma_cross")


@pytest.mark.slow
@pytest.mark.req("X2")
@pytest.mark.parametrize("kind", nouns.EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_reads_back_as_it_was(kind):
    @given(nouns.of(kind))
    @settings(max_examples=40, deadline=None)
    def round_trip(event):
        text = dumps(event)

        back = loads_event(text)

        assert back == event
        assert dumps(back) == text

    round_trip()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Proposals, Decision, UniversePolicy])
def test_whatever_crosses_the_socket_reads_back_as_it_was(kind):
    @given(nouns.of(kind))
    @settings(max_examples=40, deadline=None)
    def round_trip(noun):
        assert loads(kind, dumps(noun)) == noun

    round_trip()


@given(nouns.of(Snapshot))
@settings(max_examples=60, deadline=None)
def test_a_snapshot_reads_back_to_the_last_bit(snapshot):
    text = dumps(snapshot)

    back = loads(Snapshot, text)

    assert dumps(back) == text
    for key, bars in snapshot.bars.items():
        for name in ("start", "open", "high", "low", "close", "volume"):
            was, now = getattr(bars, name), getattr(back.bars[key], name)
            np.testing.assert_array_equal(was, now)
            assert was.dtype == now.dtype
            assert not now.flags.writeable


def test_the_form_is_canonical_and_tagged():
    text = dumps(CycleEnded(NOON, "c1", "complete", timings_seconds={"b": 0.5, "a": 1}))

    assert text == (
        '{"cycle_id":"c1","detail":"","notebook_path":"","notebook_sha256":"","notebook_status":"complete",'
        '"time":"2024-05-01T12:00:00Z","timings_seconds":{"a":1.0,"b":0.5},"type":"CycleEnded"}'
    )
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_text_is_utf8_and_even_half_a_surrogate_survives():
    event = Stopped(NOON, "π \ud800 end")

    text = dumps(event)

    assert "π" in text
    assert text.encode("utf-8")
    assert loads_event(text) == event


def test_an_instant_of_another_zone_is_written_in_utc_with_microseconds_only_where_there_are_any():
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-4)))

    assert to_plain(Stopped(elsewhere, ""))["time"] == "2024-05-01T12:00:00Z"
    assert to_plain(Stopped(NOON + timedelta(microseconds=7), ""))["time"] == "2024-05-01T12:00:00.000007Z"


def test_mappings_with_other_keys_are_sorted_pairs():
    one = np.array([1.5])
    bars = Bars("BTC-USD", 60, np.array([0]), one, one, one, one, one)
    snapshot = Snapshot("s", NOON, {}, {}, {}, Regime.CHOP, {3600: ("A",), 60: ()}, bars={(60, "BTC-USD"): bars})

    plain = to_plain(snapshot)

    assert plain["closed"] == [[60, []], [3600, ["A"]]]
    assert plain["bars"][0][0] == [60, "BTC-USD"]
    assert plain["bars"][0][1]["close"] == [1.5]


def test_a_field_that_came_later_is_spelt_only_where_it_says_something():
    watched = Snapshot("s", NOON, {}, {}, {}, Regime.CHOP, {}, health={"BTC-USD": FeedHealth(NOON, suspect=False)})

    assert not {"health", "exchange_down"} & to_plain(Snapshot("s", NOON, {}, {}, {}, Regime.CHOP, {})).keys()
    assert to_plain(watched)["health"] == {
        "BTC-USD": {"bar_seconds": 60, "jump_sigmas": "0", "suspect": False, "watermark": "2024-05-01T12:00:00Z"}
    }
    assert from_plain(Snapshot, to_plain(watched)).health == watched.health


WRITTEN_BEFORE_FEEDS_WERE_WATCHED = (
    '{"as_of":"2024-05-01T12:00:00Z","bars":[],"closed":[[3600,["BTC-USD"]]],"id":"s","membership":{},"positions":{},'
    '"products":{"BTC-USD":{"base_increment":"0.1","base_min_size":"0.1","quote_increment":"0.01",'
    '"quote_min_usd":"1","symbol":"BTC-USD"}},"quotes":{},"regime":"chop","seed":0}'
)


@pytest.mark.req("X2")
def test_a_snapshot_of_an_old_journal_loads_as_history_and_is_written_again_the_same():
    snapshot = loads(Snapshot, WRITTEN_BEFORE_FEEDS_WERE_WATCHED)

    assert (snapshot.health, snapshot.exchange_down, snapshot.products["BTC-USD"].flags) == (None, False, frozenset())
    assert dumps(snapshot) == WRITTEN_BEFORE_FEEDS_WERE_WATCHED


@pytest.mark.req("X2")
def test_a_later_field_spelt_with_its_default_is_another_spelling():
    again = loads(Snapshot, WRITTEN_BEFORE_FEEDS_WERE_WATCHED[:-1] + ',"exchange_down":false}')

    assert dumps(again) == WRITTEN_BEFORE_FEEDS_WERE_WATCHED


OLD_EVENTS = [
    pytest.param(
        '{"intent":{"as_of":"2025-01-01T01:00:00Z","client_order_id":"t247-OCEAN-USD-1735693200-e26473268f95",'
        '"exit_reason":null,"limit_price":null,"order_type":"market","reason":"fast average rose above slow",'
        '"reference_price":"0.4400000","side":"BUY","size":"136.3","stop_price":"0.4180","strategy":"sma_cross",'
        '"symbol":"OCEAN-USD","take_profit_price":"0.5060","worst_case_usd":"60.4367830000000"},'
        '"time":"2025-01-01T01:00:00Z","type":"IntentStored"}',
        id="an intent",
    ),
    pytest.param(
        '{"cycle_id":"c","proposals":[],"reports":[],"superseded":[],"time":"2025-01-01T01:00:00Z","type":"Decided",'
        '"verdicts":[{"approved_usd":"60.00000000","objections":[],"proposal":{"as_of":"2025-01-01T01:00:00Z",'
        '"conviction":0.6,"cost_factor":"1.00775","defects":[],"eligible":true,"exit_reason":null,"multiplier":"0.6",'
        '"notional_usd":"60.00000000","product":{"base_increment":"0.1","base_min_size":"0.1",'
        '"quote_increment":"0.0001","quote_min_usd":"1","symbol":"OCEAN-USD"},"reason":"","reference_price":"0.44",'
        '"side":"BUY","size":"136.36363636","stop_loss_pct":"5.0","strategy":"sma_cross","symbol":"OCEAN-USD",'
        '"take_profit_pct":"15.0","theme":"AI","tier":"tier3"}}]}',
        id="a verdict",
    ),
]


@pytest.mark.req("X2")
@pytest.mark.parametrize("text", OLD_EVENTS)
def test_a_record_of_an_old_journal_is_still_in_canonical_form(text):
    """Copied from a journal of before live trading: `audit verify` writes every record again and compares."""
    assert dumps(loads_event(text)) == text


@pytest.mark.parametrize("answer", [Acknowledged("o1"), Refused("no funds"), OutcomeUnknown("timeout")])
def test_a_union_says_which_member_it_is(answer):
    @dataclass(frozen=True)
    class Call:
        answer: Any

    Call.__annotations__ = {"answer": Acknowledged | Refused | OutcomeUnknown}

    assert to_plain(Call(answer))["answer"]["type"] == type(answer).__name__
    assert from_plain(Call, to_plain(Call(answer))) == Call(answer)


BAD_TO_WRITE = [
    pytest.param(OrderFilled(replace(FILL, size=Decimal("NaN"))), "OrderFilled.fill: Fill.size: NaN", id="NaN amount"),
    pytest.param(OrderFilled(replace(FILL, size=Decimal("Infinity"))), "Fill.size: Infinity", id="infinite amount"),
    pytest.param(OrderFilled(replace(FILL, size=0.1)), "Fill.size: float 0.1 where Decimal", id="float for money"),
    pytest.param(OrderFilled(replace(FILL, side="BUY")), "Fill.side: str 'BUY' where Side", id="text for a side"),
    pytest.param(OrderFilled(None), "OrderFilled.fill: NoneType None where Fill", id="nothing for a fill"),
    pytest.param(Stopped(NOON.replace(tzinfo=None), ""), "Stopped.time: 2024-.* has no time zone", id="naive"),
    pytest.param(CycleEnded(NOON, "c", "", timings_seconds={"a": "x"}), r"_seconds: \[a\] str 'x'", id="in a map"),
    pytest.param(object(), "no canonical form", id="not ours"),
]  # fmt: skip


@pytest.mark.parametrize("noun, said", BAD_TO_WRITE)
def test_what_has_no_form_is_refused_by_type_and_field(noun, said):
    with pytest.raises(CodecError, match=said):
        dumps(noun)


OPENED = to_plain(AccountOpened(NOON, "PAPER", "main", Decimal(10_000), "0.1", "ab"))
FILLED = to_plain(OrderFilled(FILL))
BAD_TO_READ = [
    pytest.param({**OPENED, "type": "AcountOpened"}, "unknown type; did you mean AccountOpened", id="unknown type"),
    pytest.param({**OPENED, "type": None}, "unknown type", id="no type"),
    pytest.param({**OPENED, "acount": "x"}, "AccountOpened.acount: unknown field; did you mean account", id="field"),
    pytest.param({**OPENED, "extra": None}, "AccountOpened.extra: unknown field", id="unknown null field"),
    pytest.param({k: v for k, v in OPENED.items() if k != "mode"}, "AccountOpened.mode: missing", id="missing"),
    pytest.param({**OPENED, "starting_cash_usd": 10_000}, "starting_cash_usd: int 10000", id="number for money"),
    pytest.param({**OPENED, "starting_cash_usd": "1_0"}, "canonical", id="another spelling of money"),
    pytest.param({**OPENED, "starting_cash_usd": "NaN"}, "canonical", id="NaN money"),
    pytest.param({**OPENED, "starting_cash_usd": "ten"}, "not a decimal", id="no money"),
    pytest.param({**OPENED, "time": "2024-05-01T12:00:00+00:00"}, "canonical", id="another spelling of time"),
    pytest.param({**OPENED, "time": 7}, "not an instant", id="no time"),
    pytest.param({**FILLED, "fill": {**FILLED["fill"], "side": "HOLD"}}, "not a Side; allowed: BUY, SELL", id="enum"),
    pytest.param({**FILLED, "fill": []}, "where Fill belongs", id="list for a noun"),
    pytest.param([], "unknown type", id="list for an event"),
]


@pytest.mark.parametrize("plain, said", BAD_TO_READ)
def test_what_cannot_be_read_is_refused_by_type_and_field(plain, said):
    with pytest.raises(CodecError, match=said):
        loads_event(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "{", '{"a":NaN}', "[" * 100_000, "\x00"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(CodecError, match="not JSON"):
        loads_event(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
@settings(max_examples=200, deadline=None)
def test_garbage_is_never_a_traceback(plain):
    for kind in (Snapshot, Proposals, OrderFilled):
        with pytest.raises(CodecError):
            from_plain(kind, plain)


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    "field, value, kept",
    [
        pytest.param("notional_pct", math.inf, math.inf, id="infinity is still a float"),
        pytest.param("notional_pct", 5, 5.0, id="an int is a float"),
        pytest.param("conviction", np.float32(0.5), 0.5, id="a numpy float is a float"),
        pytest.param("notional_pct", "lots", "lots", id="a text"),
        pytest.param("symbol", None, None, id="nothing"),
        pytest.param("side", "BUY", "BUY", id="a text for an enum"),
        pytest.param("reason", 1.5, 1.5, id="a number for a text"),
        pytest.param("tags", {"a": 1}, Junk("dict", "dict"), id="a mapping for a tuple"),
        pytest.param("conviction", 10**400, 10**400, id="beyond any float"),
        pytest.param("symbol", math.nan, Junk("float", "float nan"), id="NaN for a text"),
    ],
)
def test_what_a_strategy_should_not_have_proposed_is_kept_for_the_audit(field, value, kept):
    proposals = Proposals("s1", NOON, (replace(WISH, **{field: value}),))

    back = loads(Proposals, dumps(proposals))

    assert getattr(back.proposals[0], field) == kept
    assert type(getattr(back.proposals[0], field)) is type(kept)
    assert dumps(back) == dumps(proposals)


def test_nan_in_a_proposal_survives():
    back = loads(TradeProposal, dumps(replace(WISH, conviction=math.nan)))

    assert math.isnan(back.conviction)


@pytest.mark.slow
@pytest.mark.req("BT1")
def test_the_bytes_do_not_depend_on_hash_seed_zone_or_locale():
    code = "from tests.state.test_codec import WISH, FILLED; from trader.model.codec import dumps;"
    code += "from trader.policy import UniversePolicy;"
    code += "print(dumps(WISH), FILLED, dumps(UniversePolicy((), {}, {}, frozenset('abcdef'))))"
    homes = [("0", "UTC"), ("1", "America/New_York"), ("2", "Pacific/Chatham")]

    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in homes
    }

    assert len(seen) == 1


@pytest.mark.slow
def test_a_snapshot_of_fifty_symbols_costs_little_more_than_its_bare_numbers():
    price = 100 * np.exp(np.linspace(0, 1, 200))
    bars = {
        (3600, f"S{i}-USD"): Bars(f"S{i}-USD", 3600, np.arange(200), price, price * 1.1, price * 0.9, price, price / 7)
        for i in range(50)
    }
    snapshot = Snapshot("s", NOON, {}, {}, {}, Regime.BULL, {}, bars=bars)
    bare = [[column.tolist() for column in (b.start, b.open, b.high, b.low, b.close, b.volume)] for b in bars.values()]

    ours = quickest(lambda: loads(Snapshot, dumps(snapshot)))
    numbers = quickest(lambda: json.loads(json.dumps(bare)))

    assert ours <= 3 * numbers


def quickest(work, rounds=7):
    """Process seconds of the quickest of so many rounds."""
    taken = []
    for _ in range(rounds):
        began = process_time()
        work()
        taken.append(process_time() - began)
    return min(taken)
