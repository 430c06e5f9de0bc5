"""
A group of keys: frozen, complete, and nothing else in it.

Every key is written out in the files, so that what a reader sees is what runs;
a missing one stops the start and is told with its usual value.  (A strategy's
stanza may be short: what it leaves out is off, or the modest default.)
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from trader.config.values import Checked, Text
from trader.market.granularity import GRANULARITIES

SYMBOL = {"what": "a symbol", "shape": r"[A-Z0-9]{1,20}-USDC?", "says": "like BTC-USD (quoted in USD or USDC)"}
Symbol = Annotated[str, Text(**SYMBOL)]
StanzaName = Annotated[
    str, Text(what="a name", shape=r"[a-z][a-z0-9_]{0,39}", says="small letters, digits and _, like sma_cross")
]
ThemeName = Annotated[
    str, Text(what="a theme", shape=r"[A-Z][A-Z0-9_]{0,39}", says="capitals, digits and _, like LAYER1")
]
TIMEFRAMES = tuple(GRANULARITIES)


class Stanza(BaseModel):
    """A group of keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoKeys(Stanza):
    """A rule without keys of its own: it always runs, and its stanza says that it is there."""


def kind_of(info: FieldInfo) -> Checked | None:
    """What the value of a key may be; None for a group or a list."""
    return next((item for item in info.metadata if isinstance(item, Checked)), None)


def inside(shape: Any, part: str | int) -> Any:
    """The shape of what stands under the key or number *part*; None where nothing may."""
    shape = _plain(shape)
    if is_stanza(shape):
        info = keys_of(shape).get(str(part))
        return info.annotation if info is not None else None
    if get_origin(shape) in (dict, tuple):
        arguments = get_args(shape)
        return arguments[1] if get_origin(shape) is dict else arguments[0]
    return None


def is_stanza(shape: Any) -> bool:
    """Whether *shape* is a group with known keys."""
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def keys_of(shape: Any) -> dict[str, FieldInfo]:
    """The keys a group may have, as they are written; none where the names are free."""
    shape = _plain(shape)
    return {info.alias or name: info for name, info in shape.model_fields.items()} if is_stanza(shape) else {}


def _plain(shape: Any) -> Any:
    if get_origin(shape) is Annotated:
        return _plain(get_args(shape)[0])
    options = [option for option in get_args(shape) if option is not type(None)]
    is_optional = len(options) == 1 and type(None) in get_args(shape) and get_origin(shape) is not Literal
    return _plain(options[0]) if is_optional else shape
