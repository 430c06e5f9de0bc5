"""What is wrong with a whole file or folder: found before its keys are looked at, and told with line and column."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from tests.config.working_copy import Change, WorkingCopy

WANTED = (
    "a config folder holds app.yaml policy.yaml universe.yaml signals.yaml strategies.yaml, "
    "or some of them and `extends: ..` in app.yaml"
)
ANCHORS = "anchors (&) and aliases (*) are not used in config; write the value out, or quote the text"
TAGS = "tags (!) are not used in config; write the plain value, or quote the text"
GROUP = "a group of keys is needed ({} for none)"
ALIAS_BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{f'*{a},' * 8}]\n" for a, b in pairwise("abcdefghi"))


def bytes_of(file: str, content: bytes) -> Change:
    def change(copy: WorkingCopy) -> None:
        copy.path(file).write_bytes(content)

    return change


def text_of(file: str, content: str) -> Change:
    return bytes_of(file, content.encode())


def a_folder(copy: WorkingCopy) -> None:
    copy.path("app").unlink()
    copy.path("app").mkdir()


def a_pipe(copy: WorkingCopy) -> None:
    copy.path("app").unlink()
    os.mkfifo(copy.path("app"))


def a_broken_link(copy: WorkingCopy) -> None:
    copy.path("app").unlink()
    copy.path("app").symlink_to("nowhere.yaml")


def missing(copy: WorkingCopy) -> None:
    copy.path("app").unlink()


def misnamed(copy: WorkingCopy) -> None:
    copy.path("app").rename(copy.folder / "app.yml")


def a_stranger(copy: WorkingCopy) -> None:
    (copy.folder / "polcy.yaml").write_text("risk: {}")


FILES = [
    pytest.param(missing, [f"config/app.yaml: there is no such file; {WANTED}"], id="missing"),
    pytest.param(
        misnamed,
        [
            f"config/app.yaml: there is no such file; {WANTED}",
            "config/app.yml: nobody reads this file; did you mean app.yaml?",
        ],
        id="misnamed",
    ),
    pytest.param(a_stranger, ["config/polcy.yaml: nobody reads this file; did you mean policy.yaml?"], id="stranger"),
    pytest.param(a_folder, ["config/app.yaml: is a folder; a file is needed here"], id="a folder instead"),
    pytest.param(a_pipe, ["config/app.yaml: is not a regular file"], id="a pipe instead"),
    pytest.param(a_broken_link, ["config/app.yaml: there is no such file"], id="a broken link"),
    pytest.param(text_of("app", ""), [f"config/app.yaml: empty; {GROUP}"], id="empty"),
    pytest.param(text_of("app", "# only a comment\n"), [f"config/app.yaml: empty; {GROUP}"], id="only a comment"),
    pytest.param(text_of("app", "---\n"), [f"config/app.yaml: empty; {GROUP}"], id="only a marker"),
    pytest.param(text_of("app", "- a\n- b\n"), [f"config/app.yaml: holds a list; {GROUP}"], id="a list"),
    pytest.param(text_of("app", "mode dry_run"), [f"config/app.yaml: holds 'mode dry_run'; {GROUP}"], id="text"),
    pytest.param(text_of("app", "42"), [f"config/app.yaml: holds 42; {GROUP}"], id="a number"),
    pytest.param(
        text_of("app", "mode: dry_run\n\tseed: 7\n"),
        ["config/app.yaml: line 2, column 1: a tab; YAML is indented with spaces"],
        id="a tab",
    ),
    pytest.param(
        text_of("app", "mode: dry_run\nseed: 7: 8\n"),
        ["config/app.yaml: line 2, column 8: not YAML: mapping values are not allowed in this context"],
        id="two colons",
    ),
    pytest.param(
        text_of("app", "mode: dry_run\npaths: {var: var\nseed: 7\n"),
        ["config/app.yaml: line 3, column 5: not YAML: did not find expected ',' or '}'"],
        id="an open brace",
    ),
    pytest.param(
        bytes_of("app", b"mode: dry_run\naccount: caf\xe9\n"),
        ["config/app.yaml: line 2: not UTF-8 (byte 0xe9); save the file as UTF-8"],
        id="latin-1",
    ),
    pytest.param(
        bytes_of("app", b"mode: \x00\n"),
        ["config/app.yaml: not YAML: control characters are not allowed"],
        id="a zero byte",
    ),
    pytest.param(
        text_of("app", "# " + "x" * 300_000),
        ["config/app.yaml: is 300,002 bytes long; a config file has at most 262,144"],
        id="huge",
    ),
    pytest.param(text_of("app", ALIAS_BOMB), [f"config/app.yaml: line 1, column 4: {ANCHORS}"], id="an alias bomb"),
    pytest.param(
        text_of("app", "mode: !!python/object/apply:os.system [ls]\n"),
        [f"config/app.yaml: line 1, column 7: {TAGS}"],
        id="a tag that would run code",
    ),
    pytest.param(
        text_of("app", "mode: dry_run\n---\nmode: paper\n"),
        ["config/app.yaml: line 2, column 1: a second document begins here (---); a file holds one"],
        id="two documents",
    ),
    pytest.param(
        text_of("app", "? [a, b]\n: 1\n"),
        ["config/app.yaml: line 1, column 3: a key is a plain word"],
        id="a list as a key",
    ),
]


@pytest.mark.req("C1")
@pytest.mark.parametrize(("change", "lines"), FILES)
def test_a_file_that_cannot_be_read_says_where_and_why(copy: WorkingCopy, change: Change, lines: list[str]) -> None:
    change(copy)

    assert copy.problems() == lines


@pytest.mark.req("C1")
def test_a_key_written_twice_is_told_with_both_lines(copy: WorkingCopy) -> None:
    copy.edit("policy", "    min_cash_pct: 0", "    min_cash_pct: 10\n    min_cash_pct: 0")
    copy.append("strategies", "breakout:\n  enabled: true\n")
    key, stanza = copy.line_of("policy", "min_cash_pct"), copy.line_of("strategies", "breakout:")
    again = copy.line_of("strategies", "breakout:\n  enabled: true")

    assert copy.problems() == [
        f"config/policy.yaml: risk.cash.min_cash_pct: written twice, on lines {key} and {key + 1}; keep one",
        f"config/strategies.yaml: breakout: written twice, on lines {stanza} and {again}; keep one",
    ]


@pytest.mark.req("C1")
def test_what_is_nested_beyond_reason_is_not_followed(copy: WorkingCopy) -> None:
    copy.append("signals", f"zzz: {'[' * 20_000}{']' * 20_000}\n")
    line = copy.line_of("signals", "zzz")

    assert copy.problems() == [f"config/signals.yaml: line {line}, column 16: nested more than 12 levels deep"]


@pytest.mark.req("C1")
def test_every_mistake_of_every_file_is_told_at_once_in_the_order_of_the_files(copy: WorkingCopy) -> None:
    copy.edit("strategies", "enabled: false", "enabled: maybe")
    copy.edit("signals", "full_ratio: 4", "full_ratio: 0")
    copy.edit("universe", "never_trade: []", "never_trade: 7")
    copy.edit("policy", "size_pct: 5 ", "size_pct: 50 ")
    copy.edit("policy", "breach: trim", "breach: block")
    copy.edit("app", "mode: dry_run", "mode: fast")

    lines = copy.problems()

    assert [line.partition(": ")[0] for line in lines] == [
        "config/app.yaml",
        "config/policy.yaml",
        "config/policy.yaml",
        "config/universe.yaml",
        "config/signals.yaml",
        "config/strategies.yaml",
    ]


@pytest.mark.req("C1")
def test_a_file_that_cannot_be_read_hides_no_mistake_of_another(copy: WorkingCopy) -> None:
    copy.path("universe").write_text("tiers: [")
    copy.edit("policy", "size_pct: 5 ", "size_pct: 50 ")

    lines = copy.problems()

    assert [line.partition(": ")[0] for line in lines] == ["config/policy.yaml", "config/universe.yaml"]


@pytest.mark.req("C1")
@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("confg", "there is no such folder"),
        ("config/app.yaml", "is not a folder"),
        ("x" * 5_000, "there is no such folder"),
        ("a\0b", "there is no such folder"),
    ],
    ids=["absent", "a file", "a name beyond all bounds", "a zero byte"],
)
def test_a_folder_that_is_none_says_what_is_wanted(copy: WorkingCopy, folder: str, sentence: str) -> None:
    assert copy.problems(folder=folder) == [f"{Path(folder)}: {sentence}; {WANTED}"]


@pytest.mark.req("C1")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_says_so(copy: WorkingCopy) -> None:
    copy.path("app").chmod(0)

    assert copy.problems() == ["config/app.yaml: cannot be read: Permission denied"]


@pytest.mark.req("C1")
def test_a_missing_strategies_folder_says_so(copy: WorkingCopy) -> None:
    copy.strategies = Path("nowhere")

    assert copy.problems() == ["nowhere: there is no such folder; strategies are looked for in it"]
