"""A seed out of the bounds of `app.seed` is refused by that key, whichever verb it is given to."""

from __future__ import annotations

import pytest

from trader.cli import main as cli

VERBS = (
    pytest.param("backtest --config-dir config/demo", id="backtest"),
    pytest.param("run --config-dir config/demo", id="run"),
    pytest.param("universe explain", id="universe explain"),
    pytest.param("check lookahead sma_cross", id="check"),
)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("seed", "says"), [("-1", "-1 is below 0"), ("99999999999999999999", "99999999999999999999 is above 4294967295")]
)
def test_a_seed_out_of_bounds_is_a_sentence(verb, seed, says, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([*verb.split(), "--seed", seed])

    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    assert f"--set app.seed: {says}; allowed: 0 to 4294967295" in said.err
