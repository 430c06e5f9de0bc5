"""What stays of a cell's outputs is their head and tail, whole where there is room, and never more than the cap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from trader.ops.output_cap import CappedText, OutputCap

CHARS_MAX = 100
pieces = st.lists(st.text(st.sampled_from("ab\n"), max_size=40), max_size=40)


def a_stream(text, name="stdout"):
    return NotebookNode(output_type="stream", name=name, text=text)


def a_figure(text):
    return NotebookNode(output_type="display_data", data={"text/html": text}, metadata={"width": 1})


def capped(texts, chars_max=CHARS_MAX):
    text = CappedText(chars_max)
    for piece in texts:
        text.add(piece)
    return text


@given(pieces)
def test_a_text_within_the_cap_stays_as_it_is(texts):
    whole = "".join(texts)

    assert (capped(texts).text() == whole) == (len(whole) <= CHARS_MAX)
    assert capped(texts).is_cut == (len(whole) > CHARS_MAX)


@given(pieces)
def test_a_longer_one_keeps_whole_lines_of_its_head_and_tail_and_counts_the_rest(texts):
    whole, text = "".join(texts), capped(texts).text()
    if len(whole) <= CHARS_MAX:
        return

    head, note, tail = text.partition("… ")[0], *text.partition("… ")[1:]
    count, _, tail = tail.partition(" characters left out …\n")
    assert note
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(head) + len(tail) <= CHARS_MAX
    assert int(count.replace(",", "")) == len(whole) - len(head) - len(tail)
    assert head.endswith("\n") or "\n" not in head


def test_pieces_of_one_stream_become_one_output():
    cap, outputs = OutputCap(CHARS_MAX), [a_stream("a\n")]

    assert cap.absorbs(outputs, "stdout", "b\n")
    assert not cap.absorbs(outputs, "stderr", "c\n")
    cap.finish(outputs)

    assert [output.text for output in outputs] == ["a\nb\n"]
    assert not cap.is_cut


def test_what_came_last_has_the_first_claim_on_the_room():
    outputs = [a_stream("x" * 300), a_figure("y" * 80), a_stream("e" * 80, "stderr"), a_figure("z" * 70)]
    cap = OutputCap(CHARS_MAX)

    cap.finish(outputs)

    assert outputs[2].text == "e" * 80
    assert outputs[3].data == {"text/html": "z" * 70}
    assert outputs[1].data["text/plain"].startswith("… an output of ")
    assert "characters left out" in outputs[0].text
    assert cap.is_cut


def test_beyond_the_number_of_outputs_figures_are_counted_and_text_joins_what_is_there():
    cap, outputs = OutputCap(1_000, outputs_max=2), [a_stream("a"), a_figure("f")]

    assert cap.refuses(outputs)
    assert cap.refuses(outputs)
    assert cap.absorbs(outputs, "stdout", "b")
    cap.finish(outputs)

    assert outputs[0].text == "ab"
    assert outputs[-1].text == "… 2 more outputs left out …\n"


@pytest.mark.parametrize("chars", [10, 50_000])
def test_an_error_keeps_its_name_and_a_bounded_trace(chars):
    error = NotebookNode(output_type="error", ename="E", evalue="v" * chars, traceback=["t" * chars, "end"])

    OutputCap().finish([error])

    assert error.ename == "E"
    assert len(error.evalue) <= 20_000
    assert "\n".join(error.traceback).endswith("end")
    assert sum(map(len, error.traceback)) < 20_100
