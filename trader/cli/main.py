"""
`trader VERB`: find the verb, import only it, run it, and answer with the exit code of the contract.

0 done or yes · 1 the verdict is no · 2 wrong usage, config or data · 3 held by another instance · 4 halted ·
5 exchange unreachable.  A mistake of the user is a sentence on stderr, never a traceback.  A mistake of ours is one
line that says so and names the file with the details; `sys.excepthook` sees to that, so nothing is caught and lost.
"""

from __future__ import annotations

import difflib
import importlib
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from trader import __version__
from trader.cli.verbs import NOT_THERE_YET, VERBS, Verb
from trader.errors import TraderError

if TYPE_CHECKING:
    import typer

EXIT_USAGE = 2
HELP_FLAGS = ("--help", "-h", "help")


class UnknownVerb(TraderError):
    """Nobody knows this verb."""


class VerbNotThereYet(TraderError):
    """The contract promises the verb; it is not built."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one verb and leave with its exit code."""
    if argv is None:
        sys.excepthook = write_down_and_leave
    arguments = list(sys.argv[1:] if argv is None else argv)

    if not arguments or arguments[0] in HELP_FLAGS:
        print(overview())
        sys.exit(0 if arguments else EXIT_USAGE)
    if arguments[0] == "--version":
        print(f"247trader {__version__}")
        sys.exit(0)

    try:
        run(arguments[0], arguments[1:])
    except TraderError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def run(name: str, arguments: list[str]) -> None:
    """Import the verb *name* and hand it its arguments; typer itself exits with 2 on wrong usage."""
    import typer.main

    app = load(find(name))
    command = typer.main.get_command(app)
    command.main(args=arguments, prog_name=f"trader {name}")


def find(name: str) -> Verb:
    """The verb called *name*, or a sentence that helps."""
    if name in VERBS:
        return VERBS[name]
    if name in NOT_THERE_YET:
        raise VerbNotThereYet(f"trader {name}: not there yet; `trader --help` lists the verbs that are")

    near = difflib.get_close_matches(name, VERBS, n=1)
    hint = f"did you mean {near[0]}?" if near else "`trader --help` lists them all"
    raise UnknownVerb(f"trader {name}: unknown verb; {hint}")


def load(verb: Verb) -> typer.Typer:
    """The verb's typer app; a bare function becomes an app of one command."""
    import typer

    module, _, attribute = verb.target.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return found

    app = typer.Typer(add_completion=False)
    app.command(help=found.__doc__)(found)
    return app


def overview() -> str:
    """The help of the whole, from the table alone."""
    shown = {name: verb.summary for name, verb in sorted(VERBS.items()) if not verb.hidden}
    width = max(map(len, shown))
    return "\n".join(
        [
            "Usage: trader VERB [OPTIONS]        trader VERB --help tells more, with an example",
            "",
            *(f"  {name:<{width}}  {summary}" for name, summary in shown.items()),
            "",
            "Exit codes: 0 done or yes, 1 the verdict is no, 2 wrong usage, config or data,",
            "            3 held by another instance, 4 halted, 5 exchange unreachable",
            "With --json a mistake is still a sentence on stderr, and stdout stays empty;",
            "            config check and config show alone answer it as JSON",
            "Not there yet: " + ", ".join(sorted(NOT_THERE_YET)),
        ]
    )


def write_down_and_leave(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw is our bug: one line for the user, the details in a file."""
    folder = Path("var/logs")
    if not folder.is_dir():
        folder = Path(tempfile.gettempdir())
    details = folder / f"trader-bug-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.txt"
    text = "".join(traceback.format_exception(kind, error, trace))
    try:
        details.write_text(text, encoding="utf-8")
        where = f"details in {details}"
    except OSError:
        where = f"and the details could not be written:\n{text}"
    print(f"trader: this is a bug of ours, not of yours ({kind.__name__}); {where}", file=sys.stderr)
    raise SystemExit(EXIT_USAGE)
