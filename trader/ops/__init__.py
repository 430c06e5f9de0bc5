"""What keeps a running house in order: the notebook runner, the lock, evidence and traces."""
