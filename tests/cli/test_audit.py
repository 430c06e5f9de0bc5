"""`trader audit verify` and `trader audit show`: files, words and exit codes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.state.test_trail import BOUGHT, ENTRY, EXIT, LATER, SOLD, changed
from trader.cli import main as cli
from trader.model.events import Decided, StopMissing
from trader.model.scalars import write_time
from trader.model.trading import Objection, RiskReason, Unit
from trader.state.journal import SqliteJournal, journal_path

FILLED_AT_110 = (
    "  fill      2025-01-01T13:00:00Z  SELL 1 at 110 (taker), fee 0.6 USD, slippage 0 USD, signal  [fill-t247-exit]"
)
OBJECTION = Objection(
    RiskReason.POSITION_CAP, Decimal(60), Decimal("7.25"), Decimal(5), Unit.PCT_OF_NLV, cap_type="asset"
)


def trader(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code, capsys.readouterr()


def a_journal(var, events):
    path = journal_path(var, "PAPER", "main")
    with SqliteJournal(path, mode="PAPER", account="main") as journal:
        journal.append(events)
    return path


@pytest.fixture
def audit(tmp_path, capsys):
    def run(*arguments):
        return trader(capsys, "audit", *arguments, "--mode", "paper", "--account", "main", "--var", tmp_path)

    return run


@pytest.mark.req("X2", "EXITS")
def test_a_stop_that_did_not_rest_stands_in_the_entrys_chain(audit, tmp_path):
    bare = StopMissing(LATER, "alpha", "BTC-USD", "it was not taken: too near")
    a_journal(tmp_path, [*BOUGHT, bare, replace(bare, why="")])

    code, said = audit("show", ENTRY)

    assert code == 0
    assert f"  no stop   {write_time(LATER)}  it was not taken: too near" in said.out
    assert f"  stop      {write_time(LATER)}  rests at the venue again" in said.out
    code, said = audit("show", ENTRY, "--json")
    assert [one["why"] for one in json.loads(said.out)[0]["unprotected"]] == [bare.why, ""]


@pytest.mark.req("X2")
def test_a_sound_record_is_said_to_be_sound(audit, tmp_path):
    a_journal(tmp_path, SOLD)

    code, said = audit("verify")

    assert code == 0
    assert f"sound; {len(SOLD)} records and 0 snapshots" in said.out
    code, said = audit("verify", "--json")
    assert code == 0
    assert json.loads(said.out)["sound"] is True


@pytest.mark.req("X2")
def test_a_flipped_byte_is_exit_1_and_a_sentence(audit, tmp_path):
    path = a_journal(tmp_path, SOLD)
    content = bytearray(path.read_bytes())
    content[content.index(b'"price":"110"') + 10] ^= 1
    path.write_bytes(content)

    code, said = audit("verify")

    assert code == 1
    assert "does not match its hash. Nothing was changed. Keep the folder" in said.out
    code, said = audit("verify", "--json")
    assert (code, json.loads(said.out)["sound"]) == (1, False)
    code, said = audit("show")
    assert code == 2
    assert "does not match its hash" in said.err


@pytest.mark.req("X2")
def test_the_chain_of_an_order_is_told_with_every_number(audit, tmp_path):
    a_journal(tmp_path, SOLD)

    code, said = audit("show", EXIT)

    assert code == 0
    assert said.out.splitlines() == [
        "order t247-exit: filled, cycle cycle-t247-exit",
        "  proposal  alpha SELL BTC-USD 100.0 %, stop 3.0 %, target 6.0 %, conviction 0.8, test",
        "  verdict   approved: 100 of 100 USD at 100, tier tier1, theme LAYER1, regime multiplier 1 (signal)",
        "  intent    2025-01-01T13:00:00Z  SELL 1 BTC-USD market, reference 100, worst case 0 USD",
        "  order     2025-01-01T13:00:00Z  sent",
        "  order     2025-01-01T13:00:00Z  open  sim-t247-exit",
        FILLED_AT_110,
        "  closes    what t247-entry bought",
        "  profit    8.8 USD after all fees",
    ]


@pytest.mark.req("X2")
def test_every_objection_is_told_with_its_numbers(audit, tmp_path):
    verdicts = next(event for event in BOUGHT if isinstance(event, Decided)).verdicts
    trimmed = replace(verdicts[1], approved_usd=Decimal(60), objections=(OBJECTION,))
    a_journal(tmp_path, changed(BOUGHT, Decided, verdicts=(trimmed,)))

    code, said = audit("show", f"sim-{ENTRY}")

    assert code == 0
    assert "verdict   trimmed: 60 of 100 USD" in said.out
    assert "objection position_cap: permits 60 USD, observed 7.25, limit 5 pct_of_nlv, cap_type asset" in said.out


@pytest.mark.req("X2")
def test_without_a_name_the_orders_are_listed(audit, tmp_path):
    a_journal(tmp_path, SOLD)

    code, said = audit("show")

    assert code == 0
    header, entry, exit_ = said.out.splitlines()
    assert header.split() == ["order", "decided", "strategy", "side", "symbol", "size", "status", "profit", "USD"]
    assert entry.split() == [ENTRY, "2025-01-01T12:00:00Z", "alpha", "BUY", "BTC-USD", "1", "filled"]
    assert exit_.split()[-2:] == ["filled", "8.80"]
    code, said = audit("show", "--json")
    documents = json.loads(said.out)
    assert [document["client_order_id"] for document in documents] == [ENTRY, EXIT]
    assert documents[1]["realized_usd"] == "8.8"
    assert documents[1]["verdict"]["proposal"]["symbol"] == "BTC-USD"


@pytest.mark.req("X2")
def test_a_gap_in_a_chain_is_exit_1(audit, tmp_path):
    a_journal(tmp_path, [event for event in SOLD if not isinstance(event, Decided)])

    code, said = audit("show", ENTRY)

    assert code == 1
    assert "  GAP       no verdict approved it" in said.out
    assert audit("show")[1].out.count("GAP") == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nobody"), "no order nobody; trader audit show lists them"),
        (("show", "entry"), "did you mean t247-entry?"),
        (("verify", "--account", "other"), "there is no journal here; in"),
        (("verify", "--mode", "live"), "there is no journal here; in"),
        (("verify", "--mode", "bogus"), "--mode: 'bogus' is none of the choices; allowed: dry_run, paper, live"),
        (("show", "--mode", "../x"), "--mode: '../x' is none of the choices; allowed: dry_run, paper, live"),
        (("show", "--mode", ""), "--mode: '' is none of the choices; allowed: dry_run, paper, live"),
        (("verify", "--account", "../x"), "--account: '../x' is not an account name; allowed: small letters"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_2(tmp_path, capsys, arguments, says):
    a_journal(tmp_path, SOLD)
    verb, *rest = arguments

    code, said = trader(capsys, "audit", verb, "--mode", "paper", "--account", "main", "--var", tmp_path, *rest)

    assert code == 2
    assert says in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("mode", ["paper", "PAPER"])
def test_a_mode_is_found_however_its_letters_are_written(tmp_path, capsys, mode):
    a_journal(tmp_path, SOLD)

    assert trader(capsys, "audit", "verify", "--mode", mode, "--account", "main", "--var", tmp_path)[0] == 0


def test_a_new_account_has_no_orders_yet(audit, tmp_path):
    a_journal(tmp_path, SOLD[:1])

    assert audit("show")[1].out == "no orders yet\n"


def test_what_is_not_said_stands_in_the_config(tmp_path, capsys):
    config = tmp_path / "config"
    shutil.copytree(Path(__file__).parents[2] / "config", config)
    app = yaml.safe_load((config / "app.yaml").read_text()) or {}
    app |= {"mode": "paper", "account": "main", "paths": {**app.get("paths", {}), "var": str(tmp_path)}}
    (config / "app.yaml").write_text(yaml.safe_dump(app))
    a_journal(tmp_path, SOLD)

    code, said = trader(capsys, "audit", "verify", "--config-dir", config)

    assert (code, said.err) == (0, "")
