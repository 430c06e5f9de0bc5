"""
The lists: what a strategy may import, and what it may not call, with the reason and the way out.

An import not listed is refused; a name is refused only where it is listed.
"""

from __future__ import annotations

from collections.abc import Mapping

ALLOWED_IMPORTS = frozenset(
    """
    trader.model trader.strategy trader.signals numpy pandas math decimal dataclasses typing collections
    collections.abc itertools functools statistics enum datetime __future__
    """.split()
)
NAMES_OF_PYDANTIC = frozenset({"Field", "field_validator", "model_validator"})
"""What bounds a parameter; nothing else of pydantic."""
LIBRARIES = frozenset({"numpy", "pandas"})
"""Allowed with their submodules, but for these parts."""
FORBIDDEN_PARTS = frozenset(
    """
    numpy.random numpy.ctypeslib numpy.f2py numpy.testing numpy.distutils numpy.lib.npyio numpy.memmap
    pandas.io pandas.testing pandas.plotting pandas.compat
    """.split()
)
SYSTEM_MODULES = frozenset(
    """
    asyncio builtins codecs ctypes gc glob importlib inspect io logging mmap multiprocessing os pathlib pickle
    platform random requests secrets shelve shutil signal socket sqlite3 ssl subprocess sys tempfile threading time
    urllib uuid warnings weakref
    """.split()
)
"""What a library may carry as an attribute without meaning to (`np.os`)."""

FILES = "a strategy reads no file and writes none"
CLOCK = "a strategy does not read the clock"
CHANCE = "chance without a seed gives another result every time"
CODE = "code made while running cannot be checked"
GLOBAL = "it changes what everyone shares"
ASK_AS_OF = "use context.as_of"
ASK_BARS = "compute from the bars you are given"
ASK_RNG = "use context.rng"
SAY_IT = "write it out"

CALLS: Mapping[str, tuple[str, str]] = {
    "open": (FILES, ASK_BARS),
    "input": ("a strategy asks nobody", "make it a parameter"),
    "breakpoint": ("nobody is there to debug a run", "remove it"),
    "exec": (CODE, SAY_IT),
    "eval": (CODE, SAY_IT),
    "compile": (CODE, SAY_IT),
    "__import__": (CODE, "import at the top of the file"),
    "globals": ("a strategy has no business with global state", "keep values local"),
    "locals": (CODE, SAY_IT),
    "vars": (CODE, "name the attribute"),
    "setattr": ("a strategy keeps no state", "keep values local"),
    "delattr": ("a strategy keeps no state", "keep values local"),
    "exit": ("a strategy does not end the process", "return []"),
    "quit": ("a strategy does not end the process", "return []"),
    "id": ("addresses differ from run to run", "compare values"),
    "hash": ("hashes of text differ from run to run", "compare values"),
}
"""Builtins, refused wherever they are named."""
SHADOWED = frozenset({"open", "id", "hash", "input", "vars"})
"""Of these, what a strategy may well call a column of its own (`open = bars["open"]`); calling it is refused still."""

CLOCK_READS = frozenset({"now", "utcnow", "today"})
CLOCK_WORDS = frozenset({"now", "today"})
"""`pd.Timestamp("now")` reads the clock too."""

WRITES = frozenset(
    """
    to_clipboard to_csv to_excel to_feather to_gbq to_hdf to_html to_json to_latex to_markdown to_orc to_parquet
    to_pickle to_sql to_stata to_xml tofile dump
    """.split()
)
"""Methods that write a file, of whatever."""

LIBRARY_IO = frozenset(
    """
    load loadtxt save savez savez_compressed savetxt genfromtxt fromfile memmap DataSource fromregex
    ExcelFile ExcelWriter HDFStore
    """.split()
)
"""Of numpy and pandas; so is everything called read_…"""

LIBRARY_STATE = frozenset(
    """
    seterr seterrcall setbufsize set_printoptions set_string_function set_option reset_option option_context options
    set_eng_float_format show_versions test
    """.split()
)

EXITS = frozenset({"SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "BaseExceptionGroup"})
ALIASES = frozenset({"np", "pd", "numpy", "pandas"})
"""What a module of ours has imported is not its to pass on."""
NAMES_OF_THE_FILE = frozenset({"__file__", "__loader__", "__spec__", "__builtins__", "__path__"})
HARMLESS_DUNDERS = frozenset({"__init__", "__name__", "__doc__", "__post_init__", "__version__"})
