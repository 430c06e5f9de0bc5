"""
Whatever is done to the files, there is a configuration or a `ConfigError`, and nothing else.

And what is accepted can be used: rules, nouns, hashes.  A check that trips over a missing key is planted to show that
this net would catch it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.config.working_copy import SHIPPED
from trader.config import Config, ConfigError, loading
from trader.config.checking import Mistake
from trader.config.facts import Facts
from trader.config.problem import FILES
from trader.config.reading import parse

TEXTS = {file: (SHIPPED / f"{file}.yaml").read_text(encoding="utf-8") for file in FILES}
EXAMPLES = 250
INK = st.text(alphabet=st.sampled_from("abz09_-.:,#'\"[]{}&*!|>%@`?~<=+/\\ \n\t\r\0é\u2028\ufeff"), max_size=12)
WORDS = st.sampled_from(
    [
        *".nan .inf -.inf 1e999 1e-999 1e400 0x1f 010 1_0 +5 -0 .5 5. null ~ true off yes '' '5' <<: *a".split(),
        *"&a !!int ? - --- 2026-12-31 9999-99-99 BTC-USD btc-usd [] {} [[[]]] {a:{b:{c:1}}} extends: risk:".split(),
        *("mode: x\n", "\n  - \n", ": : :", "\n\t", "9" * 50, "1" * 5000, "extends: ..", "  cash: {}\n"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["BTC-USD", "trim", "1h", "5", "paper", "2026-01-01"]),
    st.sampled_from([0, 1, 5, 15, 100, 0.5, 1e300, 1e-300, 10**30]),
)
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)

quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    return tmp_path / "config"


def never_a_traceback(folder: Path, contents: dict[str, bytes], overrides: tuple[str, ...] = ()) -> None:
    """Load with *contents* in place of what is shipped; what is accepted must be usable."""
    for file in FILES:
        (folder / f"{file}.yaml").write_bytes(contents.get(file, TEXTS[file].encode()))
    try:
        use(loading.load_config(folder, overrides))
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
        if not told or any("\n" in line or not line.strip() for line in told):
            raise AssertionError(f"not sentences: {told}") from error


def use(config: Config) -> None:
    """Ask for everything a run would ask for."""
    assert config.rules(config.strategies())
    assert config.breakers()
    assert config.universe().tiers
    config.regime(), config.exits(), config.execution(), config.strategies(), config.signal_defaults()
    assert json.dumps(config.redacted(), allow_nan=False)
    assert config.hash
    assert config.full_hash


@st.composite
def scribbled(draw: st.DrawFn, text: str) -> bytes:
    """*text* after a few careless edits."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 30)))
        lines = text.splitlines(keepends=True) or [""]
        line = draw(st.integers(0, len(lines) - 1))
        text = draw(
            st.sampled_from(
                [
                    text[:at] + draw(INK) + text[to:],
                    text[:at] + draw(WORDS) + text[to:],
                    text[:at],
                    text[at:],
                    "".join(lines[: line + 1] + lines[line:]),
                    "".join([*lines[:line], "  " + lines[line], *lines[line + 1 :]]),
                    "".join([*lines[:line], lines[line].lstrip(), *lines[line + 1 :]]),
                    "".join(lines[:line] + lines[line + 1 :]),
                ]
            )
        )
    content = text.encode("utf-8", "surrogatepass")
    return content[: draw(st.integers(0, len(content)))] + b"\xff" if draw(st.integers(0, 30)) == 0 else content


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a tree but its root."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def plain(node: Any) -> Any:
    """A tree as YAML writes it."""
    if isinstance(node, dict):
        return {key: plain(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [plain(inner) for inner in node]
    return float(node) if isinstance(node, Decimal) else node


@st.composite
def rearranged(draw: st.DrawFn, file: str) -> bytes:
    """The tree of *file* with a few keys dropped, renamed, retyped or replaced."""
    tree: Any = plain(parse(TEXTS[file]).tree)
    for _ in range(draw(st.integers(1, 4))):
        *above, last = draw(st.sampled_from(list(places(tree)) or [("nothing",)]))
        group = tree
        for part in above:
            group = group[part]
        value = group.pop(last) if isinstance(group, list) else group.pop(last, None)
        change = draw(st.sampled_from(["drop", "rename", "retype", "replace", "wrap"]))
        put = {
            "drop": None,
            "rename": value,
            "retype": str(value),
            "replace": draw(NODES),
            "wrap": draw(st.sampled_from([[value], {"x": value}, {}, [], [[value, value]]])),
        }[change]
        name = (
            draw(st.sampled_from(["max_position_size_pct", "enabled", "x", "", "symbols"]))
            if change == "rename"
            else last
        )
        if change != "drop":
            group.append(put) if isinstance(group, list) else group.update({name: put})
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


@pytest.mark.req("C1")
@quick
@given(data=st.data())
def test_no_scribble_on_a_file_ends_in_a_traceback(folder: Path, data: st.DataObject) -> None:
    files = data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=2, unique=True))

    never_a_traceback(folder, {file: data.draw(scribbled(TEXTS[file]), file) for file in files})


@pytest.mark.req("C1")
@quick
@given(data=st.data())
def test_no_rearranged_tree_ends_in_a_traceback(folder: Path, data: st.DataObject) -> None:
    files = data.draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=3, unique=True))

    never_a_traceback(folder, {file: data.draw(rearranged(file), file) for file in files})


@pytest.mark.req("C1")
@settings(quick, max_examples=100)
@given(content=st.binary(max_size=200), file=st.sampled_from(FILES))
def test_no_bytes_at_all_end_in_a_traceback(folder: Path, content: bytes, file: str) -> None:
    never_a_traceback(folder, {file: content})


@pytest.mark.req("C1")
@settings(quick, max_examples=150)
@given(
    key=st.one_of(
        st.text(max_size=20), st.sampled_from(["policy.risk.cash.min_cash_pct", "app.seed", "strategies.x.params.y"])
    ),
    value=st.one_of(st.text(max_size=20), WORDS),
)
def test_no_override_ends_in_a_traceback(folder: Path, key: str, value: str) -> None:
    never_a_traceback(folder, {}, (f"{key}={value}", key))


@pytest.mark.req("C1")
def test_a_check_that_trips_over_a_missing_key_is_caught_by_this_net(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(facts: Facts) -> Iterator[Mistake]:
        tree: Any = facts.tree
        if tree["policy"]["risk"]["position_cap"]["max_position_size_pct"] == 0:
            yield ("policy",), "never"

    monkeypatch.setattr(loading, "names", careless)

    @settings(quick, phases=[Phase.generate], report_multiple_bugs=False, derandomize=True)
    @given(content=rearranged("policy"))
    def net(content: bytes) -> None:
        never_a_traceback(folder, {"policy": content})

    with pytest.raises((KeyError, TypeError)):
        net()
