"""A paper or dry run, start to end: taken up in order, run cycle by cycle, put down in reverse order."""
