"""The verbs: one module each, `trader/cli/<verb>.py`, imported only when its verb is asked for."""
