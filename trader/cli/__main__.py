"""`python -m trader.cli VERB`: the same as `trader VERB`."""

from trader.cli.main import main

main()
