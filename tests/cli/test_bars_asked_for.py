"""Which bars a verb reads, what is said of them, and that where a report goes is not in it."""

from __future__ import annotations

import pytest

from tests.market.made_bars import made_bars, stored
from trader.cli import main as cli


def trader(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return left.value.code, capsys.readouterr()


def backtest(capsys, lake, out, *more):
    return trader(capsys, "backtest", "--data", lake, "--out", out, "--strategies", "sma_cross", *more)


@pytest.mark.req("BT1")
def test_equal_runs_into_two_folders_are_equal_byte_for_byte(tmp_path, capsys):
    stored(tmp_path / "lake", "BTC-USD", "1h", made_bars(400))

    codes = [backtest(capsys, tmp_path / "lake", tmp_path / name)[0] for name in ("one", "other")]

    assert codes == [0, 0]
    for name in ("report.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_a_segment_of_grade_b_is_read_where_it_is_named_and_the_refusal_says_how(tmp_path, capsys):
    stored(tmp_path / "lake", "ETH-USD", "1h", made_bars(400), "legacy")

    refused, said = backtest(capsys, tmp_path / "lake", tmp_path / "out", "--symbols", "ETH-USD")
    named, notes = backtest(capsys, tmp_path / "lake", tmp_path / "out", "--segments", "legacy")

    assert (refused, named) == (2, 0)
    assert "only when named: --segments legacy" in said.err
    assert "of grade B (third party), used because it was named" in notes.err
    assert "no BTC-USD in the bars: the regime is taken as chop" in notes.err
    assert "ETH-USD: never eligible in this span; at its end: " in notes.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("run", "--symbols", "BTC-USDT"), "another venue: backtest only"),
        (("run", "--mode", "paper", "--feed", "lake", "--symbols", "BTC-USD,BTC-USDT"), "another venue: backtest only"),
        (("backtest", "--segments", "legacy", "--strategies", "sma_cross"), "the built-in market has none"),
    ],
)
def test_what_cannot_be_had_is_a_sentence_and_exit_2(options, says, capsys):
    code, said = trader(capsys, *options)

    assert code == 2
    assert says in said.err


@pytest.mark.parametrize(
    "verb",
    [
        ("backtest", "--strategies", "sma_cross"),
        ("run", "--mode", "paper", "--strategies", "sma_cross"),
        ("universe", "explain"),
        ("check", "lookahead", "sma_cross"),
        ("data", "list", "--data", "."),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("symbols", ["", " , "])
def test_symbols_that_name_none_are_not_taken_for_all(verb, symbols, capsys):
    code, said = trader(capsys, *verb, "--symbols", symbols)

    assert (code, said.out) == (2, "")
    assert said.err == "--symbols: names none; write it like BTC-USD,ETH-USD, or leave it out for all there are\n"
