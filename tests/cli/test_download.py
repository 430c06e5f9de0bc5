"""`trader data download` from the command line: a sentence and an exit code for whatever goes wrong."""

from __future__ import annotations

import json
import socket

import pytest

from tests.market.venue import MINUTES, a_venue
from trader.cli.main import main
from trader.cli.progress import Bar, Lines
from trader.market.history import Lake


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with a_venue(tmp_path_factory.mktemp("venue"), MINUTES + 10) as stage:
        yield stage


@pytest.fixture
def download(venue, tmp_path, capsys, monkeypatch):
    """Run the verb against the simulator; options given replace the usual ones, None takes one away."""
    monkeypatch.setattr("trader.market.coinbase_http.BACK_OFF_SECONDS", 0.0)

    def run(*flags, **options):
        usual = {
            "symbols": "BTC-USD,THIN-USD", "start": "2025-01-01", "end": "2025-01-01T12:00", "data": tmp_path / "mine",
            "host": venue.simulator.base_url, "ca-file": venue.simulator.papers.ca_file,
        }  # fmt: skip
        asked = {**usual, **{name.replace("_", "-"): value for name, value in options.items()}}
        words = [word for name, value in asked.items() if value is not None for word in (f"--{name}", str(value))]
        with pytest.raises(SystemExit) as left:
            main(["data", "download", *words, *flags])
        return left.value.code, *capsys.readouterr()

    yield run
    venue.direct("/faults", faults=[])


@pytest.mark.slow
def test_bars_arrive_and_are_told_of_in_plain_lines(download, tmp_path):
    code, out, err = download()

    assert code == 0
    assert out.splitlines()[0] == "BTC-USD: 720 bars added, 720 in BTC-USD_1m.parquet"
    assert err.splitlines()[0] == "BTC-USD: 3 calls ahead"
    assert Lake(tmp_path / "mine").symbols() == ("BTC-USD", "THIN-USD")


@pytest.mark.slow
def test_again_there_is_nothing_to_ask_for(download):
    download()
    code, out, err = download()

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "BTC-USD: nothing to ask for, BTC-USD_1m.parquet has it all"


def test_as_json_it_is_one_document_and_nothing_else(download):
    code, out, err = download("--json", symbols="BTC-USD", granularity="1h", end="2025-01-01T10:00")

    row = json.loads(out)["downloaded"][0]
    assert (code, err) == (0, "")
    assert (row["symbol"], row["added"], row["calls"]) == ("BTC-USD", 10, 1)
    assert row["end"] == "2025-01-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param({"symbols": "BTC-UDS"}, 2, "did you mean BTC-USD?", id="unknown product"),
        pytest.param({"symbols": ","}, 2, "--symbols: which products?", id="no product"),
        pytest.param({"end": "2024-12-31"}, 2, "--end 2024-12-31T00:00Z is not after --start", id="end before start"),
        pytest.param({"start": "yesterday"}, 2, "--start yesterday: not a date", id="no date"),
        pytest.param({"granularity": "1x"}, 2, "granularity '1x' is unknown", id="granularity"),
        pytest.param({"host": "https://x.y"}, 2, "and no https:// or path", id="a URL for a host"),
        pytest.param(
            {"ca_file": "nowhere.pem"}, 2, "nowhere.pem: no certificates in PEM there", id="no such certificate"
        ),
        pytest.param({"ca_file": None}, 5, "its certificate does not verify", id="untrusted certificate"),
        pytest.param({"start": None}, 2, "Missing option '--start'", id="no start"),
    ],
)
def test_a_mistake_is_a_sentence_and_an_exit_code(download, tmp_path, options, code, says):
    left, out, err = download(**options)

    assert (left, out) == (code, "")
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert not (tmp_path / "mine").exists()


def test_a_host_that_does_not_answer_is_exit_code_5(download):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        code, _, err = download(host=f"127.0.0.1:{taken.getsockname()[1]}")

    assert code == 5
    assert "does not answer" in err


@pytest.mark.slow
@pytest.mark.parametrize("route", ["public_product", "time", "public_candles"])
def test_html_instead_of_json_is_exit_code_5(venue, download, route):
    venue.fault("html_200", route)
    code, _, err = download()

    assert code == 5
    assert "a page of HTML came instead of JSON" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("force", "kind"), [pytest.param("1", Bar, id="a terminal"), pytest.param("", Lines, id="a pipe")]
)
def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(download, monkeypatch, force, kind):
    monkeypatch.setenv("TTY_COMPATIBLE", force)
    monkeypatch.setenv("FORCE_COLOR", force)
    steps = []
    original = kind.called
    monkeypatch.setattr(kind, "called", lambda self: steps.append(type(self)) or original(self))

    code, _, err = download(symbols="BTC-USD")

    assert code == 0
    assert steps == [kind] * 3
    assert ("720 bars added" in err) is (kind is Bar)
