"""A strategy file is read before it is run, and told everything it may not do, all at once (STR1)."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from trader.purity import Impure, NotPython, check_source, refuse

pytestmark = pytest.mark.req("STR1")

STRATEGIES = sorted(Path(__file__).resolve().parent.parent.glob("strategies/*.py"))

HEAD = """
from __future__ import annotations
import datetime as dt
import itertools
from datetime import datetime, time, timedelta
import numpy as np
import pandas as pd
from trader.strategy import Strategy
"""


def body(text: str) -> str:
    """*text* as the body of generate_proposals, in a file that is pure otherwise."""
    inside = indent(dedent(text).strip("\n"), "        ")
    before = "\nTABLE = {}\nCOUNTER = itertools.count()\n\nclass S(Strategy):\n    seen = []\n"
    return f"{HEAD}{before}    def generate_proposals(self, context):\n{inside}\n"


def features(text: str) -> str:
    """*text* as the body of features, in a file that is pure otherwise."""
    inside = indent(dedent(text).strip("\n"), "        ")
    return f"{HEAD}\nclass S(Strategy):\n    def features(self, bars):\n{inside}\n"


def top(text: str) -> str:
    """*text* at the top of the file."""
    return dedent(text) + HEAD


REFUSED = {
    # reaching out
    "the exchange": top("import trader.exchange"),
    "the exchange, by name": top("from trader.exchange.simulated import SimulatedExchange"),
    "the exchange, through the package": top("from trader import exchange"),
    "the network": top("import requests"),
    "the system": top("import os"),
    "the system, inside a function": body("import os\nreturn []"),
    "the system, through numpy": body("np.os.system('true')"),
    "the system, through a library's import": top("from dataclasses import sys"),
    "a module next door": top("from . import other"),
    "numpy, through a module of ours": top("from trader.strategy import np as numbers"),
    "everything": top("from numpy import *"),
    "pydantic, past the door": top("from pydantic import BaseModel"),
    "importlib": top("import importlib"),
    # files
    "open": body("open('x.txt').read()"),
    "open, renamed": body("f = open\nreturn f('x')"),
    "read_csv": body("pd.read_csv('x.csv')"),
    "read_parquet by name": top("from pandas import read_parquet"),
    "np.load": body("np.load('x.npy')"),
    "np.load by name": top("from numpy import load"),
    "to_csv": body("context.frame.to_csv('x.csv')"),
    "tofile": body("context.frame.values.tofile('x')"),
    "pandas' io": body("pd.io.common.get_handle('x', 'r')"),
    # the clock
    "datetime.now": body("datetime.now()"),
    "datetime.utcnow": body("dt.datetime.utcnow()"),
    "date.today": body("dt.date.today()"),
    "Timestamp.now": body("pd.Timestamp.now()"),
    "Timestamp('now')": body("pd.Timestamp('now')"),
    "to_datetime('today')": body("pd.to_datetime('today')"),
    "datetime64('now')": body("np.datetime64('now')"),
    "the clock, through as_of": body("context.as_of.now()"),
    "time": top("import time"),
    "time by name": top("from time import monotonic"),
    # chance
    "random": top("import random"),
    "np.random": body("np.random.rand()"),
    "np.random.default_rng": body("np.random.default_rng()"),
    "numpy.random": top("import numpy.random as r"),
    "default_rng by name": top("from numpy.random import default_rng"),
    "a sample": body("context.frame.sample(3)"),
    "uuid": top("from uuid import uuid4"),
    # code made while running
    "exec": body("exec('import os')"),
    "eval": body("eval('1+1')"),
    "__import__": body("__import__('os')"),
    "globals": body("globals()['x'] = 1"),
    "getattr of a dunder": body("getattr(context, '__class__')"),
    "getattr of anything": body("getattr(context, 'a' + 'b')"),
    "subclasses": body("().__class__.__base__.__subclasses__()"),
    "builtins": body("__builtins__['open']('x')"),
    "setattr": body("setattr(self, 'x', 1)"),
    # memory
    "a global": body("global N\nN = 1"),
    "an attribute of its own": body("self.calls = 1"),
    "a count of its own": body("self.calls += 1"),
    "a list of its own": body("self.seen.append(1)"),
    "an entry of its own": body("self.seen[0] = 1"),
    "a list of the class": body("S.seen.append(1)"),
    "a table of the file": body("TABLE['x'] = 1"),
    "a table of the file, by method": body("TABLE.update(x=1)"),
    "a counter of the file": body("return next(COUNTER)"),
    "an attribute of a function": HEAD + "def f():\n    f.calls = 1\n",
    "a mutable default": HEAD + "def f(x, seen=[]):\n    return seen\n",
    "numpy's settings": body("np.seterr(all='ignore')"),
    "pandas' settings": body("pd.set_option('mode.x', 1)"),
    "pandas' options": body("pd.options.mode.x = 1"),
    "numpy itself": body("np.nan = 0"),
    # what was given
    "the context": body("context.symbols = ()"),
    "the context's features": body("context.features['BTC-USD'] = {}"),
    "a deletion": body("del context.features['BTC-USD']"),
    "the bars": features("bars['x'] = 1\nreturn bars"),
    "the bars, in place": features("bars.fillna(0, inplace=True)\nreturn bars"),
    "a column taken out": features("bars.pop('open')\nreturn bars"),
    "the write protection": body("context.history('BTC-USD', 3).close.setflags(write=True)"),
    "the write protection, by flag": body("context.history('BTC-USD', 3).close.flags.writeable = True"),
    # order and end
    "the order of a set": body("return [s for s in set(context.symbols)]"),
    "the order of a set by name": body("mine = {'A', 'B'}\nfor s in mine: pass"),
    "the order of a joint set": body("return list(context.features.keys() & {'A'})"),
    "hash": body("hash('BTC-USD')"),
    "id": body("id(context)"),
    "a bare except": body("try:\n    pass\nexcept:\n    pass"),
    "an except of everything": body("try:\n    pass\nexcept BaseException:\n    pass"),
    "an exit": body("raise SystemExit"),
    "exit()": body("exit()"),
    "a finaliser": HEAD + "class T:\n    def __del__(self): pass\n",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_pure_is_found_with_its_line_the_reason_and_the_way_out(source):
    findings = check_source(source)

    assert findings
    for finding in findings:
        assert 1 <= finding.line <= source.count("\n") + 1
        assert all((finding.what, finding.why, finding.instead))


ALLOWED = {
    "its own strategies' imports": top(
        "from trader.signals import sma\nfrom trader.model.market import Regime\nimport math"
    ),
    "a time of day": body("return time(9, 30) if context.as_of.time() > time(9) else timedelta(hours=1)"),
    "chance with a seed": body("return context.rng.normal()"),
    "a type": HEAD + "def f(rng: np.random.Generator) -> np.random.Generator:\n    return rng\n",
    "a column called open": features("open = bars['open']\nreturn open.to_frame()"),
    "a copy of the bars": features("bars = bars.copy()\nbars['x'] = 1\nreturn bars"),
    "adding columns": features("return bars['open'].add(bars['close']).to_frame()"),
    "lists of the call": body("found = []\nfound.append(1)\nreturn found"),
    "numpy's append": body("return np.append(np.zeros(2), 1)"),
    "a value of its own, set when made": HEAD + "class S(Strategy):\n    def __init__(self):\n        self.x = 1\n",
    "the order of a sorted set": body("return [s for s in sorted(set(context.symbols))]"),
    "looking into a set": body("wanted = {'A'}\nreturn [s for s in context.symbols if s in wanted]"),
    "getattr of a name": body("return getattr(self.params, 'fast_bars', 10)"),
    "a sample with a seed": body("return context.frame.sample(3, random_state=context.rng)"),
    "a named failure": body("try:\n    return 1 / 0\nexcept ZeroDivisionError:\n    return []"),
}


@pytest.mark.parametrize("source", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_pure_is_left_alone(source):
    assert check_source(source) == ()


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda path: path.stem)
def test_every_strategy_of_the_house_is_pure(path):
    assert check_source(path.read_text(encoding="utf-8"), path.name) == ()


def test_everything_is_told_at_once_by_line_with_name_and_reason(tmp_path):
    path = tmp_path / "peeker.py"
    path.write_text("import requests\nimport os\n\ndef f():\n    return open('x')\n", encoding="utf-8")

    with pytest.raises(Impure) as refusal:
        refuse(path, "strategies/peeker.py")

    lines = str(refusal.value).splitlines()
    assert lines[0] == "strategy peeker is refused: it is not pure"
    assert [line.split(": ")[0].strip() for line in lines[1:]] == [f"strategies/peeker.py:{n}" for n in (1, 2, 5)]
    assert "import of requests" in lines[1]
    assert "reads no file" in lines[3]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"class S:\n    x = = 1\n", "s.py:2", id="a syntax error has its line"),
        pytest.param(b"\xff\xfe\x00", "not UTF-8", id="not text"),
        pytest.param(b"x = 1\x00", "s.py", id="a null byte"),
    ],
)
def test_a_file_that_is_no_python_is_a_sentence(tmp_path, content, says):
    path = tmp_path / "s.py"
    path.write_bytes(content)

    with pytest.raises(NotPython, match=says):
        refuse(path, "s.py")


@pytest.mark.parametrize("name", ["Field", "model_validator", "field_validator"])
def test_what_bounds_a_parameter_may_come_from_pydantic(name):
    assert check_source(top(f"from pydantic import {name}")) == ()


@pytest.mark.parametrize("line", ["import pydantic", "from pydantic import create_model", "from pydantic import *"])
def test_nothing_else_of_pydantic_may(line):
    assert check_source(top(line))
