"""A running simulator, and the SDK's own clients that talk to it."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

import httpx
import pytest
from coinbase.rest import RESTClient

from trader.simulator.limits import LimitRules
from trader.simulator.rehearsal import rehearse
from trader.simulator.settings import VenueSettings

NO_LIMITS = LimitRules(private_per_second=None, public_per_second=None)


class Stage:
    """A simulator that runs, the SDK against it, and the director's desk."""

    def __init__(self, rehearsal):
        self.simulator, self.key = rehearsal.simulator, rehearsal.key
        self.key_file = rehearsal.key_file
        self.venue = rehearsal.simulator.station.venue
        self.sdk = self.client(self.key)
        self._admin = httpx.Client(base_url=rehearsal.simulator.admin_url, trust_env=False)

    def client(self, key=None, timeout=5):
        name, secret = (key.name, key.secret) if key else (None, None)
        client = RESTClient(api_key=name, api_secret=secret, base_url=self.simulator.base_url, timeout=timeout)
        client.session.verify = str(self.simulator.papers.ca_file)
        client.session.trust_env = False
        return client

    def direct(self, path, **asked):
        answer = self._admin.post(path, json=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def see(self, path):
        return self._admin.get(path).json()

    def fault(self, kind, route="*", **more):
        self.direct("/faults", faults=[{"kind": kind, "route": route, **more}])

    def limit_buy(self, client_order_id, size="0.001", below=0.9, client=None):
        book = self.venue.depth(self.venue.listings["BTC-USD"])
        price = str(round(float(book.bid) * below, 2))
        return (client or self.sdk).limit_order_gtc_buy(client_order_id, "BTC-USD", size, price)

    def close(self):
        self.sdk.session.close()
        self._admin.close()


@contextmanager
def on_stage(folder, **choices):
    settings = choices.pop("settings", VenueSettings(seed=7))
    rehearsal = rehearse(folder, **{"limits": NO_LIMITS, "settings": settings, **choices})
    with rehearsal.simulator:
        stage = Stage(rehearsal)
        try:
            yield stage
        finally:
            stage.close()


@pytest.fixture(scope="module")
def shared_stage(tmp_path_factory):
    with on_stage(tmp_path_factory.mktemp("stage"), deposits={"USD": Decimal(1_000_000), "BTC": Decimal(10)}) as stage:
        yield stage


@pytest.fixture
def stage(shared_stage):
    """The module's simulator without faults and with its usual settings."""
    yield shared_stage
    shared_stage.direct("/faults", faults=[])
    usual = {"get_late_seconds": 0, "list_late_seconds": 0, "fills_late_seconds": 0, "balances_late_seconds": 0}
    shared_stage.direct("/settings", cancel_seconds=0.05, duplicates_refused=False, **usual)
    shared_stage.direct("/tokens", leeway_seconds=0, clock_skew_seconds=0, algorithms=["ES256", "EdDSA"])
    assert shared_stage.see("/")["audit"] == []
