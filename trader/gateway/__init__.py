"""The process that holds the key, the lock, the journal and the gates: the only path to an exchange."""
