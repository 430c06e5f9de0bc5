"""What we own and what happened: the ledger keeps it, the journal remembers it."""
