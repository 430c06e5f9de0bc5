"""What both ways to Coinbase share, public questions and the account's session: addresses, trust, turns, retries."""
