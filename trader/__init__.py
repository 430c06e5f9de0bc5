"""247trader: a crypto trader one can read, test and stop.  Importing this package costs nothing."""

__version__ = "0.1.0"
