"""
How much one cell may leave in the record.

The first and the last part of what a cell prints stay, what lies between is
counted and left out while it arrives, so memory stays bounded too.  The cut
falls on line ends: half a line may be half a secret that nobody recognises.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any

Output = Any  # an nbformat node: a dict with attributes

CELL_CHARS_MAX = 400_000
CELL_OUTPUTS_MAX = 200
ERROR_CHARS_MAX = 20_000
NOTE_CHARS_MAX = 200  # what is left of a text that has no room


class CappedText:
    """Text that grows without end and keeps its head and its tail."""

    def __init__(self, chars_max: int) -> None:
        self._room = chars_max // 2
        self._tail_max = chars_max - self._room
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_chars = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        """Append *text*."""
        if self._room:
            self._head.append(text[: self._room])
            text = text[self._room :] if len(text) > self._room else ""
            self._room -= len(self._head[-1])
        if text:
            self._tail.append(text)
            self._tail_chars += len(text)
        while self._tail and self._tail_chars - len(self._tail[0]) >= self._tail_max:
            gone = len(self._tail.popleft())
            self._tail_chars -= gone
            self._dropped += gone

    @property
    def is_cut(self) -> bool:
        """Whether something was left out."""
        return bool(self._dropped) or self._tail_chars > self._tail_max

    def text(self) -> str:
        """All of it, or head, a note of how much is missing, and tail."""
        head, tail = "".join(self._head), "".join(self._tail)
        if not self.is_cut:
            return head + tail
        kept_tail = tail[-self._tail_max :]
        kept_tail = kept_tail[kept_tail.find("\n") + 1 :]
        kept_head = head[: head.rfind("\n") + 1] or head
        missing = self._dropped + len(head) + len(tail) - len(kept_head) - len(kept_tail)
        return f"{kept_head}… {missing:,} characters left out …\n{kept_tail}"


class OutputCap:
    """The outputs of one cell, held within *chars_max* for text and as much again for everything else."""

    def __init__(self, chars_max: int = CELL_CHARS_MAX, outputs_max: int = CELL_OUTPUTS_MAX) -> None:
        self.chars_max = chars_max
        self.outputs_max = outputs_max
        self.is_cut = False
        self._refused = 0
        self._texts: dict[int, tuple[Output, CappedText]] = {}

    def absorbs(self, outputs: list[Output], name: str, text: str) -> bool:
        """Whether stream *text* was added to an output that is already there, so that none need be made."""
        candidates = reversed(outputs) if len(outputs) >= self.outputs_max else iter(outputs[-1:])
        for output in candidates:
            if output["output_type"] == "stream" and output["name"] == name:
                self._text_of(output).add(text)
                return True
        return False

    def refuses(self, outputs: list[Output]) -> bool:
        """Whether there is no room for one more figure or table beside *outputs*."""
        is_full = len(outputs) >= self.outputs_max
        self._refused += is_full
        return is_full

    def finish(self, outputs: list[Output]) -> None:
        """Bring *outputs* within the cap, in place, when the cell has ended; the last ones have the first claim."""
        text_left = rich_left = self.chars_max
        for output in reversed(outputs):
            if output["output_type"] == "stream":
                output["text"] = self._fit(self._text_of(output), text_left)
                text_left -= len(output["text"])
            elif output["output_type"] == "error":
                _shorten_error(output)
            else:
                rich_left -= self._fit_rich(output, rich_left)
        if self._refused:
            text = f"… {self._refused:,} more outputs left out …\n"
            outputs.append(type(outputs[-1])(output_type="stream", name="stderr", text=text))
            self.is_cut = True
        self._texts.clear()

    def _text_of(self, output: Output) -> CappedText:
        if id(output) not in self._texts:
            text = CappedText(self.chars_max)
            text.add(output["text"])
            self._texts[id(output)] = (output, text)
        return self._texts[id(output)][1]

    def _fit(self, capped: CappedText, chars_max: int) -> str:
        text = capped.text()
        fits = len(text) <= max(chars_max, NOTE_CHARS_MAX)
        self.is_cut |= capped.is_cut or not fits
        return text if fits else _cut(text, max(chars_max, NOTE_CHARS_MAX))

    def _fit_rich(self, output: Output, chars_max: int) -> int:
        chars = len(json.dumps(output["data"], default=str))
        if chars <= chars_max:
            return chars
        note = f"… an output of {chars:,} characters left out …"
        output.update(data={"text/plain": note}, metadata={})
        self.is_cut = True
        return len(note)


def _cut(text: str, chars_max: int) -> str:
    capped = CappedText(chars_max)
    capped.add(text)
    return capped.text()


def _shorten_error(output: Output) -> None:
    output["evalue"] = output["evalue"][:ERROR_CHARS_MAX]
    trace = "\n".join(output["traceback"])
    if len(trace) > ERROR_CHARS_MAX:
        output["traceback"] = [_cut(trace, ERROR_CHARS_MAX)]
