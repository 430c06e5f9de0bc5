"""
The colours of a report, by meaning.

Figures name a colour by what it stands for (`@gain`); the page decides, by the
reader's preference, whether that is the light or the dark one.  Text and lines
keep a contrast of 4.5 and 3 to their background in both.
"""

from __future__ import annotations

from typing import Any

LIGHT = {
    "@page": "#f7f6f3",
    "@panel": "#ffffff",
    "@ink": "#1b2129",
    "@muted": "#596270",
    "@rule": "#dcdad4",
    "@grid": "#ecebe6",
    "@nlv": "#15616d",
    "@nlv-soft": "rgba(21,97,109,0.12)",
    "@btc": "#b26a00",
    "@hold": "#7a828e",
    "@gain": "#1d7f55",
    "@loss": "#b73a35",
    "@loss-soft": "rgba(183,58,53,0.16)",
    "@refused": "#7d4fa3",
    "@cap": "#b73a35",
    "@candle-up": "#8fb8a5",
    "@candle-down": "#d3a29d",
    "@c0": "#15616d",
    "@c1": "#b26a00",
    "@c2": "#5b7a9d",
    "@c3": "#8a5a83",
    "@c4": "#6b8e4e",
    "@c5": "#a8563f",
    "@c6": "#3f8f8b",
    "@c7": "#8c8271",
}

DARK = {
    "@page": "#111418",
    "@panel": "#191d23",
    "@ink": "#e7e9ec",
    "@muted": "#9ba5b3",
    "@rule": "#30363f",
    "@grid": "#262b33",
    "@nlv": "#5fc0cd",
    "@nlv-soft": "rgba(95,192,205,0.14)",
    "@btc": "#e0a548",
    "@hold": "#8b95a3",
    "@gain": "#5dbf8f",
    "@loss": "#e8807a",
    "@loss-soft": "rgba(232,128,122,0.18)",
    "@refused": "#bd94dd",
    "@cap": "#e8807a",
    "@candle-up": "#4b7d67",
    "@candle-down": "#8f5550",
    "@c0": "#5fc0cd",
    "@c1": "#e0a548",
    "@c2": "#8fb0d6",
    "@c3": "#c897c0",
    "@c4": "#a3c583",
    "@c5": "#dd9078",
    "@c6": "#7fcac5",
    "@c7": "#bcb19d",
}

SERIES = tuple(f"@c{index}" for index in range(8))


def series_colour(index: int) -> str:
    """The colour of the *index*-th of several series; after eight they come round again."""
    return SERIES[index % len(SERIES)]


def painted(spec: Any, colours: dict[str, str] = LIGHT) -> Any:
    """*spec* with every named colour replaced; a name that is not a colour stays."""
    if isinstance(spec, dict):
        return {key: painted(value, colours) for key, value in spec.items()}
    if isinstance(spec, list):
        return [painted(value, colours) for value in spec]
    return colours.get(spec, spec) if isinstance(spec, str) else spec


def css_variables(colours: dict[str, str]) -> str:
    """The palette as CSS custom properties."""
    return " ".join(f"--{name[1:]}: {value};" for name, value in colours.items())
