"""
Simulated worlds: the real decision path and the real execution against a venue in memory, on a virtual clock.

A world is one seed.  Everything in it — prices, delays, lost answers, crashes, people — is drawn from that seed, so
a failure is a number one can run again.  `oracle` judges from what the venue knows; nothing asks the trader.
"""
