"""From verdicts to orders: planning is pure, sending is done by one caller alone."""
