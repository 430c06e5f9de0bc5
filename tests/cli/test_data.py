"""`trader data`: exit codes, sentences, and one JSON document."""

from __future__ import annotations

import json

import pytest

from tests.market.made_bars import made_bars, spoilt, stored
from trader.cli.main import main


def trader(capsys, *arguments):
    """Exit code, stdout and stderr of `trader data …`."""
    with pytest.raises(SystemExit) as left:
        main(["data", *map(str, arguments)])
    out, err = capsys.readouterr()
    return left.value.code, out, err


@pytest.fixture
def lake(tmp_path):
    stored(tmp_path / "lake", "BTC-USD", "1h", made_bars(48, without=(3, 4, 9)))
    stored(tmp_path / "lake", "ETH-USD", "15m", made_bars(10, "15m"))
    return tmp_path / "lake"


def test_list_shows_each_file_with_its_gaps(lake, capsys):
    code, out, err = trader(capsys, "list", "--data", lake)

    assert (code, err) == (0, "")
    assert "BTC-USD_1h.parquet" in out
    assert "3 (2, 2)" in out


def test_list_as_json_is_one_document(lake, capsys):
    code, out, _ = trader(capsys, "list", "--data", lake, "--json", "--symbols", "BTC-USD")

    document = json.loads(out)
    assert code == 0
    assert [(row["file"], row["rows"], row["missing_bars"]) for row in document["files"]] == [
        ("BTC-USD_1h.parquet", 45, 3)
    ]


def test_verify_says_yes_with_0_and_no_with_1(lake, capsys):
    assert trader(capsys, "verify", "--data", lake)[0] == 0

    stored(lake, "SOL-USD", "1h", spoilt(made_bars(5), 2, high=float("nan")))
    code, out, _ = trader(capsys, "verify", "--data", lake)
    as_json = trader(capsys, "verify", "--data", lake, "--json")

    assert code == as_json[0] == 1
    assert "SOL-USD_1h.parquet: row 2 (2025-01-01T02:00Z): high is nan" in out
    assert json.loads(as_json[1])["bad_files"] == 1


def test_import_merges_and_reports(lake, tmp_path, capsys):
    made_bars(48).reset_index().to_csv(tmp_path / "BTC-USD_1h.csv", index=False)

    code, out, _ = trader(capsys, "import", tmp_path / "BTC-USD_1h.csv", "--data", lake, "--json")

    assert code == 0
    assert json.loads(out)["imported"][0] == {
        "file": "BTC-USD_1h.parquet",
        "read": 48,
        "added": 3,
        "replaced": 0,
        "rows": 48,
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["list", "--data", "nowhere"], "nowhere: no such folder", id="no folder"),
        pytest.param(["verify", "--data", "."], "no bars here", id="empty"),
        pytest.param(["import", "BTC-USD_1h.csv"], "no such file", id="no source"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRADER_DATA", raising=False)

    code, out, err = trader(capsys, *arguments)

    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


def test_the_folder_may_stand_in_the_environment(lake, monkeypatch, capsys):
    monkeypatch.setenv("TRADER_DATA", str(lake))

    assert trader(capsys, "list")[0] == 0


def test_an_unknown_symbol_is_told_what_there_is(lake, capsys):
    code, _, err = trader(capsys, "list", "--data", lake, "--symbols", "BTC-UDS")

    assert code == 2
    assert "did you mean BTC-USD?" in err
