"""A loopback Coinbase Advanced Trade that the unmodified SDK talks to: REST, WebSocket, matching, money and faults."""
