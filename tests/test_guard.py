"""What a strategy reaches for while it runs is seen and stopped; what Python does for itself is not (STR1, STR4)."""

from __future__ import annotations

import contextlib
import linecache
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pandas as pd
import pytest

from trader.fence import ReachedOut, StrategyTimeout
from trader.guard import AlarmNeedsMainThread, AuditGuard, SignalTimer

pytestmark = [pytest.mark.req("STR1"), pytest.mark.req("STR4")]

GUARD = AuditGuard()


def of_a_stranger(source: str) -> object:
    """*source* run as code that is neither ours nor a library's."""
    names: dict[str, object] = {"__name__": "strategy_stranger"}
    exec(compile(f"def call():\n    {source}", "stranger.py", "exec"), names)
    return names["call"]


REACHES = {
    "a file": "open('/tmp/of-a-strategy', 'w')",
    "a file, read": "open('/etc/hostname').read()",
    "a file, through pathlib": "from pathlib import Path; Path('/etc/hostname').read_text()",
    "a file, through numpy": "import numpy; numpy.save('/tmp/of-a-strategy.npy', [1])",
    "a file, through pandas": "import pandas; pandas.DataFrame().to_csv('/tmp/of-a-strategy.csv')",
    "a socket": "import socket; socket.create_connection(('127.0.0.1', 9))",
    "a process": "import subprocess; subprocess.run(['true'])",
    "a shell": "import os; os.system('true')",
    "a removal": "import os; os.remove('/tmp/nothing-there')",
    "a listing": "import os; os.listdir('/')",
    "a late import": "import this",
    "an answer": "input()",
}


@pytest.mark.parametrize("source", REACHES.values(), ids=REACHES.keys())
def test_reaching_out_raises(source):
    call = of_a_stranger(source)

    with pytest.raises(ReachedOut, match="reached out of its context"), GUARD.watch("stranger"):
        call()

    assert not Path("/tmp/of-a-strategy").exists()


def test_swallowing_it_does_not_help():
    call = of_a_stranger("exec('try:\\n open(\"/tmp/x\")\\nexcept Exception:\\n pass')")

    with pytest.raises(ReachedOut, match="/tmp/x"), GUARD.watch("stranger"):
        call()


def test_what_python_and_its_libraries_do_for_themselves_passes():
    series = pd.Series([1.0], index=pd.DatetimeIndex(["2025-01-01"], tz="UTC"))
    late = of_a_stranger("import pandas.tseries.holiday, statistics, fractions")
    linecache.clearcache()
    with GUARD.watch("stranger"):
        assert "import signal" in warnings.formatwarning("a warning shows its line", UserWarning, __file__, 7)
        series.tz_convert("Pacific/Chatham")
        late()


def test_others_are_not_watched():
    seen: list[object] = []

    def reads() -> None:
        seen.append(Path(__file__).stat().st_size)
        with open(__file__, encoding="utf-8") as file:
            seen.append(file.read(1))

    thread = threading.Thread(target=reads)
    go = threading.Event()
    waiting = threading.Thread(target=lambda: (go.wait(), reads()))
    waiting.start()
    with GUARD.watch("stranger"):
        go.set()
        waiting.join()
    thread.start()
    thread.join()
    reads()

    assert len(seen) == 6


@pytest.mark.slow
def test_the_fence_costs_next_to_nothing():
    def per_call(call: object, count: int = 20_000) -> float:
        best = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(count):
                call()
            best.append((time.perf_counter() - began) / count)
        return min(best)

    def watched() -> None:
        with GUARD.watch("stranger"):
            pass

    assert per_call(watched) < 3e-6  # measured: 0.3 to 0.6 µs; the bound allows for a loaded machine
    assert per_call(lambda: sys.audit("trader.nothing")) < 2e-6


def spins() -> None:
    while True:
        pass


def swallows() -> None:
    while True:
        with contextlib.suppress(Exception):
            spins()


def swallows_everything_once() -> None:
    with contextlib.suppress(BaseException):
        spins()
    spins()


@pytest.mark.parametrize("hang", [spins, swallows, swallows_everything_once])
def test_a_strategy_that_hangs_is_stopped_in_time(hang):
    began = time.monotonic()

    with pytest.raises(StrategyTimeout), SignalTimer().limit(0.1):
        hang()

    assert time.monotonic() - began < 2.0


def test_an_alarm_that_was_set_before_rings_afterwards():
    rang: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    before = signal.setitimer(signal.ITIMER_REAL, 0.15)
    try:
        with pytest.raises(StrategyTimeout), SignalTimer().limit(0.05):
            spins()
        assert not rang
        time.sleep(0.2)
        assert rang == [1]
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_a_strategy_in_time_is_left_alone():
    with SignalTimer().limit(0.2):
        pass
    time.sleep(0.25)


def test_no_alarm_rings_in_another_thread():
    said: list[str] = []

    def construct() -> None:
        try:
            SignalTimer()
        except AlarmNeedsMainThread as error:
            said.append(str(error))

    thread = threading.Thread(target=construct)
    thread.start()
    thread.join()

    assert said == ["strategies can be timed in the main thread only; run them there"]


def test_a_process_without_a_guard_has_no_hook():
    code = "import sys, trader.registry; print('trader.guard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
