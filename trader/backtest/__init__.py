"""History, decided by the very code that decides live, and held against what it was before."""
