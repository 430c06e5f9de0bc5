"""Tables show what they are given and nothing else: escaped, right where numbers stand, readable as text."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from tests.builders import BTC, DOGE, ETH, NOW, a_buy, a_membership, a_position, a_proposal, a_snapshot, some_bars
from tests.gateway.sessions import ROOT
from trader.app import open_cycle
from trader.gateway import account_tables, contract, views
from trader.gateway.account_view import AccountView, Bare
from trader.gateway.desk_info import DeskInfo
from trader.gateway.shown import Shown, Table, bar, columns, text
from trader.model.codec import dumps, loads
from trader.model.decision import Decision, Proposals, StrategyReport
from trader.model.trading import Objection, RiskReason, TradingState, Unit, Verdict

EVIL = "<script>alert('x')</script>&\"\n<img src=x onerror=y>"


class Tags(HTMLParser):
    """What elements a text really has."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)


def account(**changes):
    base = (NOW, "paper", "test", TradingState.ACTIVE, Decimal(9_000), Decimal(10_000), Decimal(1), Decimal(0))
    return AccountView(*base, **changes)


@pytest.mark.req("SEC1")
def test_what_strangers_wrote_is_text_and_nothing_more():
    wishes = Proposals("s", NOW, (a_proposal(reason=EVIL, strategy=EVIL),), (StrategyReport(EVIL, EVIL, EVIL),))
    snapshot = a_snapshot({BTC: 100}, membership={EVIL: a_membership(EVIL, False, exclusion_reason=EVIL)})

    for shown in (views.proposals(wishes), views.universe(snapshot), views.quotes(snapshot)):
        assert set(Tags(shown._repr_html_()).found) <= {
            "style",
            "div",
            "span",
            "table",
            "caption",
            "tr",
            "th",
            "td",
            "i",
            "b",
        }
    assert "\n" not in contract.text(snapshot, wishes, Decision(NOW, "s")).split("proposal  ")[1]


def test_a_table_as_text_is_aligned_and_numbers_stand_right():
    rows = [(text("BTC-USD"), text("1.50")), (text("X"), text("1,234.00"))]

    shown = repr(Shown((Table("Quotes", columns("Symbol", ">Bid"), rows, "two"),)))

    assert shown.splitlines() == ["Quotes", "Symbol        Bid", "BTC-USD      1.50", "X        1,234.00", "two"]


def test_an_empty_table_says_so():
    assert repr(Table("Orders", columns("a"), [], "none")) == "Orders: none"


@pytest.mark.parametrize(("share", "filled"), [(-1.0, 0), (0.0, 0), (0.5, 6), (1.0, 12), (3.0, 12)])
def test_a_bar_stays_within_its_frame(share, filled):
    assert bar(share).plain.count("█") == filled


def test_the_universe_shows_who_is_out_and_the_number_that_decided_it():
    out = a_membership(DOGE, False, exclusion_reason="volume", observed=Decimal(700_000), limit=Decimal(1_100_000))
    snapshot = a_snapshot({BTC: 100}, membership={BTC: a_membership(BTC), DOGE: out})

    shown = repr(views.universe(snapshot))

    assert "DOGE-USD  out" in shown
    assert "too little traded in 24 h for its tier  $700,000  $1,100,000" in shown


def test_quotes_show_the_bar_that_has_just_closed():
    snapshot = a_snapshot({BTC: 103, ETH: 10}, bars={(3600, BTC): some_bars((100.0, 103.0))})

    shown = repr(views.quotes(snapshot)).splitlines()

    assert shown[2].split() == ["BTC-USD", "102.948", "103.052", "10.0", "1h", "103.00", "+3.00", "%", "$103,000"]
    assert shown[3].split() == ["ETH-USD", "9.995", "10.005", "10.0", "–"]


def test_a_book_with_nothing_in_it_says_so():
    shown = repr(account_tables.book(account()))

    assert "nothing is held" in shown


@pytest.mark.req("EXITS")
def test_a_position_without_a_stop_at_the_venue_is_seen_where_positions_are():
    held = (a_position(BTC, "sma", stop=90), a_position(ETH, "sma", stop=90))
    one = account(positions=held, unprotected=(Bare("sma", BTC, "it was not taken: too near"),))
    desk = DeskInfo("live", "test", "here", "", (), "{}", 1.0, {})

    book = repr(account_tables.book(one)).splitlines()
    overview = repr(views.overview(desk, a_snapshot({BTC: 100}), one))

    assert ["(does not rest)" in line for line in book if line.startswith((BTC, ETH))] == [True, False]
    assert "no stop rests at the venue for BTC-USD of sma (it was not taken: too near); this process alone" in book[4]
    assert "2 positions, 1 without a stop at the venue" in overview
    assert loads(AccountView, dumps(one)) == one


@pytest.mark.slow
@pytest.mark.req("STR1")
def test_a_cycle_opened_by_hand_is_the_same_for_everybody(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    one, other = open_cycle(), open_cycle()

    assert one.contract() == other.contract()
    assert one.proposals.proposals
    assert one.decision.intents
    assert one.account.mode == "dry_run"
    assert not one.account.working
    assert one.snapshot.as_of - NOW < timedelta(days=30)
    assert "dry run" in repr(one.orders())


def test_verdicts_show_every_objection_with_the_number_it_saw():
    cap = Objection(RiskReason.STRATEGY_CAP, Decimal("12.5"), Decimal("4.54607"), Decimal(3), Unit.PCT_OF_NLV)
    wait = Objection(RiskReason.COOLDOWN, Decimal(0), Decimal(90), Decimal(1_800), Unit.SECONDS)
    decision = Decision(NOW, "s", (Verdict(a_buy(150), Decimal(0), (cap, wait)),))

    first, second = repr(views.verdicts(decision)).splitlines()[2:]

    assert first.startswith(BTC)
    assert "denied" in first
    assert first.split()[-6:] == ["4.55", "3.00", "%", "of", "NLV", "$12.50"]
    assert second.split()[-4:] == ["90", "1,800", "s", "$0.00"]
