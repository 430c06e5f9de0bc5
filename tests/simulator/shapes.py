"""How a payload compares with a recorded one: every field, its type, and what form its text has, in every row."""

from __future__ import annotations

import re

LEFT_OUT = {"cursor", "note"}
"""A page's cursor was repeated in each row until 2023; `note` is a remark of who collected."""
FORMS = {
    "a number": re.compile(r"-?(0|[1-9]\d*)(\.\d+)?"),
    "a time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
}
"""What is none of these is a text like any other; an exponent, a sign of plus or an offset of time is."""
ANY_TEXT = {
    "client_order_id",
    "product_id",
    "base_name",
    "trade_id",
    "order_id",
    "entry_id",
    "display_name",
    "sequence",
}
"""Names somebody gives, which may look like numbers."""


def form_of(text):
    return next((name for name, form in FORMS.items() if form.fullmatch(text)), "a text")


def differences(recorded, sent, where=""):
    """
    Fields that are missing, of another type or of another form; null, an empty list or an empty text may be anything.

    Of a list, every row is compared: each recorded one must have its like among those sent, and each sent one its like
    among those recorded.
    """
    if recorded is None or sent is None:
        return []
    if isinstance(recorded, dict):
        if not isinstance(sent, dict):
            return [f"{where}: {type(sent).__name__}, recorded an object"]
        gone = [f"{where}.{name}: missing" for name in recorded if name not in sent and name not in LEFT_OUT]
        both = [name for name in recorded if name in sent]
        return gone + [line for name in both for line in differences(recorded[name], sent[name], f"{where}.{name}")]
    if isinstance(recorded, list):
        if not isinstance(sent, list):
            return [f"{where}: {type(sent).__name__}, recorded a list"]
        return _rows(recorded, sent, where) if recorded and sent else []
    if type(recorded) is not type(sent):
        return [f"{where}: {type(sent).__name__}, recorded {type(recorded).__name__}"]
    return _form(recorded, sent, where)


def _rows(recorded, sent, where):
    """The best that can be said of each row, recorded or sent."""
    pairs = [[differences(row, mine, f"{where}[{number}]") for number, mine in enumerate(sent)] for row in recorded]
    nearest = [min(row, key=len) for row in pairs] + [min(column, key=len) for column in zip(*pairs, strict=True)]
    return list(dict.fromkeys(line for lines in nearest for line in lines))


def _form(recorded, sent, where):
    if not isinstance(recorded, str) or "" in (recorded, sent) or where.rpartition(".")[2] in ANY_TEXT:
        return []
    was, now = form_of(recorded), form_of(sent)
    return [] if was == now else [f"{where}: {now} ({sent!r}), recorded {was} ({recorded!r})"]
