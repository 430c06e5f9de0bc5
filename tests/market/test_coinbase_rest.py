"""Public market data over HTTPS, against the simulated venue that serves a lake."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.exchange.coinbase_worlds import a_server, http
from tests.market.made_bars import NEW_YEAR
from tests.market.venue import BTC, HOLES, MINUTES, THIN, Naps, a_venue, asking
from trader.coinbase.answers import ProductRow
from trader.coinbase.courtesy import RETRIES_BURST
from trader.errors import TraderError
from trader.market import coinbase_answers
from trader.market.bars import block_of, epoch_seconds
from trader.market.coinbase_http import NoUsableAnswer, Questions, RefusedQuestion
from trader.market.coinbase_rest import BARS_A_CALL, PublicRest
from trader.market.history import Lake
from trader.market.symbols import UnknownSymbol

FIRST = int(NEW_YEAR.timestamp())
LAST = FIRST + MINUTES * 60


@pytest.mark.parametrize("symbol", [BTC, THIN])
def test_candles_are_the_lakes_bars_to_the_last_bit(venue, rest, symbol):
    wanted = Lake(venue.lake).load(symbol, "1m")

    found = rest.candles(symbol, 60, FIRST, LAST)

    assert np.array_equal(found.starts, epoch_seconds(wanted))
    assert np.array_equal(found.block, block_of(wanted))


def test_gaps_stay_gaps(rest):
    found = rest.candles(THIN, 60, FIRST, LAST)

    assert len(found.starts) == MINUTES - len(HOLES)


def test_no_call_asks_for_more_than_300_bars_and_none_is_asked_for_twice(rest):
    told = []

    found = rest.candles(BTC, 60, FIRST, LAST, lambda: told.append(1))

    assert len(told) == -(-MINUTES // BARS_A_CALL)
    assert len(set(found.starts.tolist())) == MINUTES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seconds_over", "bars"),
    [
        pytest.param(0.0, 9, id="at its end a bar is not over for us yet"),
        pytest.param(1.9, 9, id="nor while its last trades may be on their way"),
        pytest.param(2.1, 10, id="then it is"),
        pytest.param(59.9, 10, id="and the one that forms is not"),
    ],
)
def test_a_bar_that_is_not_over_never_comes_out(tmp_path, seconds_over, bars):
    with a_venue(tmp_path, 10 + seconds_over / 60) as stage, closing(asking(stage)) as rest:
        found = rest.candles(BTC, 60, FIRST, LAST)

    assert found.starts.tolist() == [FIRST + 60 * minute for minute in range(bars)]


def test_the_venue_does_give_the_forming_bar_so_the_guard_is_not_idle(tmp_path):
    with a_venue(tmp_path, 10.5) as stage, closing(asking(stage)) as rest:
        rest.time()
        rows = rest._call(BTC, 60, FIRST, LAST - 720 * 60)

    assert rows[0].start == FIRST + 600


def test_coarser_bars_come_whole(venue, rest):
    wanted = Lake(venue.lake).load(BTC, "1h", NEW_YEAR, NEW_YEAR + timedelta(hours=16))

    found = rest.candles(BTC, 3600, FIRST, FIRST + 16 * 3600)

    assert np.array_equal(found.starts, epoch_seconds(wanted))
    assert np.array_equal(found.block, block_of(wanted))


def test_the_clock_the_quote_and_the_product_are_the_venues(venue, rest):
    quote, state = rest.quote(BTC), rest.state(BTC)

    assert rest.time() == NEW_YEAR + timedelta(minutes=MINUTES + 10)
    assert quote.bid < quote.ask
    assert quote.time == rest.time()
    assert state.tradable
    assert state.price_increment == venue.venue.listings[BTC].price_increment
    assert {BTC, THIN} <= set(rest.symbols())


@pytest.mark.req("EX1")
@pytest.mark.parametrize(
    ("flag", "attribute"),
    [
        ("is_disabled", "disabled"), ("trading_disabled", "disabled"), ("cancel_only", "cancel_only"),
        ("limit_only", "limit_only"), ("post_only", "post_only"), ("auction_mode", "auction"),
        ("view_only", "view_only"),
    ],
)  # fmt: skip
def test_every_flag_of_a_product_arrives(venue, rest, flag, attribute):
    venue.direct("/listings", product_id=THIN, **{flag: True})
    shut = rest.states()[THIN]
    venue.direct("/listings", product_id=THIN, **{flag: False})

    assert getattr(shut, attribute)
    assert not getattr(rest.state(THIN), attribute)


def test_an_unknown_product_is_told_which_was_meant(rest):
    with pytest.raises(UnknownSymbol, match="did you mean BTC-USD"):
        rest.state("BTC-UDS")


@pytest.mark.req("CB1")
@pytest.mark.parametrize("fault", ["throttled", "status_before", "drop_before", "drop_after", "cut_body", "blocked"])
def test_what_may_pass_is_asked_again(venue, fault):
    naps = Naps()
    venue.fault(fault, "public_candles", calls=[1], status=503)
    with closing(asking(venue, naps)) as rest:
        if fault == "blocked":
            with pytest.raises(RefusedQuestion, match="403"):
                rest.candles(BTC, 60, FIRST, FIRST + 600)
            return
        found = rest.candles(BTC, 60, FIRST, FIRST + 600)

    assert len(found.starts) == 10
    assert venue.see("/faults")["faults"][0]["fired"] == 1


@pytest.mark.req("CB1")
def test_after_three_retries_it_is_a_sentence(venue):
    naps = Naps()
    venue.fault("status_before", "time", status=502)
    with closing(asking(venue, naps, per_second=1e9)) as rest, pytest.raises(NoUsableAnswer, match="502") as raised:
        rest.time()

    waits = [nap for nap in naps.taken if nap > 1e-6]
    assert len(waits) <= 3
    assert all(wait <= limit for wait, limit in zip(waits, (1, 2, 4), strict=False))
    assert raised.value.exit_code == 5


def test_a_no_is_not_asked_again(venue, rest):
    with pytest.raises(RefusedQuestion) as raised:
        rest.quote("NO-USD")

    assert raised.value.status == 400


@pytest.mark.req("RATE")
def test_questions_are_paced_below_ten_a_second(venue):
    naps = Naps()
    with closing(asking(venue, naps)) as rest:
        for _ in range(21):
            rest.time()

    assert naps.now >= 20 / 8


@pytest.mark.req("CB1")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_retry_after_is_waited_for_and_a_long_one_refuses_until_it_is_over(tmp_path, status, as_date):
    naps, header = Naps(), []

    def answer(plug, request):
        said = "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
        plug.sendall(http("{}", f"{status} No", f"{said}Retry-After: {header[0]}\r\n"))

    with a_server(tmp_path, answer) as (server, settings):
        questions = Questions(settings.rest_host, settings.ca_file, sleep=naps.sleep, monotonic=naps.monotonic)
        header.append("Sun, 22 Nov 2026 12:00:09 GMT" if as_date else "9")
        with pytest.raises(NoUsableAnswer, match=f"answers {status}"):
            questions.get("/x")
        assert (len(server.asked), naps.now) == (4, pytest.approx(27.0))

        header[0] = "Sun, 22 Nov 2026 12:10:00 GMT" if as_date else "600"
        naps.now += 9
        with pytest.raises(NoUsableAnswer, match=f"answers {status}"):
            questions.get("/x")
        for _ in range(3):
            with pytest.raises(NoUsableAnswer, match=r"/x: not asked: .* until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
                questions.get("/x")
        assert len(server.asked) == 5
        naps.now += 599.9
        with pytest.raises(NoUsableAnswer, match=f"answers {status}"):
            questions.get("/x")
        assert (len(server.asked), naps.taken[-1]) == (6, pytest.approx(0.1))
        questions.close()


@pytest.mark.req("CB1")
def test_an_outage_is_not_answered_with_a_storm_of_public_questions(venue):
    """Twenty questions at one instant: all that is retried comes from the one budget."""
    naps = Naps()
    naps.sleep = lambda seconds: None
    venue.fault("status_before", "time", status=502)
    with closing(asking(venue, naps)) as rest:
        for _ in range(20):
            with pytest.raises(NoUsableAnswer):
                rest.time()

    assert venue.see("/faults")["faults"][0]["fired"] == 20 + RETRIES_BURST


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        pytest.param("html_200", "a page of HTML came instead of JSON", id="html"),
        pytest.param("empty_200", "nothing came instead of JSON", id="empty"),
        pytest.param("bad_json", "cannot be understood", id="cut json"),
    ],
)
def test_what_is_no_json_is_a_sentence(venue, rest, kind, says):
    venue.fault(kind, "time")

    with pytest.raises(NoUsableAnswer, match=says):
        rest.time()


def test_a_missing_field_is_named(venue, rest):
    venue.fault("drop_field", "time", field="epochMillis")

    with pytest.raises(NoUsableAnswer, match="epochMillis: Field required"):
        rest.time()


def test_an_answer_that_drips_meets_the_deadline(venue):
    naps = Naps()
    venue.fault("drip", "time", seconds=0.3)
    tick = iter(range(1_000_000))
    questions = Questions(
        venue.simulator.base_url, venue.simulator.papers.ca_file,
        sleep=naps.sleep, monotonic=lambda: float(next(tick)), retries=0, deadline_seconds=3,
    )  # fmt: skip

    with closing(PublicRest(questions)) as rest, pytest.raises(NoUsableAnswer, match="not complete after 3 s"):
        rest.time()


def test_a_certificate_that_does_not_verify_is_not_talked_to(venue):
    questions = Questions(venue.simulator.base_url, None, sleep=lambda seconds: None)

    with closing(PublicRest(questions)) as rest, pytest.raises(NoUsableAnswer, match="does not verify"):
        rest.time()


def test_a_host_that_does_not_answer_is_a_sentence_with_exit_code_5():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        questions = Questions(host, None, sleep=lambda seconds: None)
        with closing(PublicRest(questions)) as rest, pytest.raises(NoUsableAnswer, match="does not answer") as raised:
            rest.time()

    assert raised.value.exit_code == 5


@pytest.mark.parametrize("host", ["https://api.coinbase.com", "api.coinbase.com/v3", "", "user@host", "a b"])
def test_a_host_is_a_name_and_a_port(host):
    with pytest.raises(TraderError, match="wanted a name and perhaps a port"):
        Questions(host)


def test_a_file_that_holds_no_certificate_is_named(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")

    for name in ("ca.pem", "nowhere.pem"):
        with pytest.raises(TraderError, match=f"{name}: no certificates in PEM there"):
            Questions("127.0.0.1:1", tmp_path / name)


def test_prices_arrive_exact(rest):
    assert isinstance(rest.quote(BTC).bid, Decimal)


@pytest.mark.slow
def test_recorded_answers_can_be_read(payloads):
    product = (payloads / "live_ws_2026/rest_market_product_BTC-USD_2026-09-30.json").read_text(encoding="utf-8")
    clock = (payloads / "live_ws_2026/rest_time_2026-09-30.json").read_text(encoding="utf-8")

    state = ProductRow.model_validate_json(product).state

    assert (state.symbol, state.tradable, state.price_increment) == (BTC, True, Decimal("0.01"))
    assert coinbase_answers.VenueTime.model_validate_json(clock).epoch_millis > 0


def test_a_clock_that_follows_the_venue_hears_of_every_time_it_tells(rest):
    heard = []

    class Follows:
        def ticks(self):
            return 7.0

        def heard(self, said, asked):
            heard.append((said, asked))

    rest.keeps(Follows())

    assert heard == []
    assert [(rest.time(), 7.0), (rest.time(), 7.0)] == heard


@pytest.mark.req("TIME1")
def test_what_is_asked_again_counts_from_the_attempt_that_was_answered(venue):
    """Neither its turn nor an attempt that failed is part of an answer's journey."""
    naps, heard = Naps(), []

    class Follows:
        certain = False

        def ticks(self):
            return naps.now

        def heard(self, said, asked):
            heard.append(naps.now - asked)

    venue.fault("status_before", "time", times=2, status=502)
    with closing(asking(venue, naps, per_second=0.1)) as rest:
        rest.make_certain()  # no clock is kept yet: nobody asks
        rest.keeps(Follows())
        rest.make_certain()

    assert naps.now >= 20  # two failures, each followed by a turn of ten seconds
    assert heard == [0.0]
