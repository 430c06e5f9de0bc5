"""Bars in: the Parquet lake, the built-in market, and the regular grid a backtest walks on.  Importing this is free."""
