"""
The word of a person that lets orders leave: signed, expiring, bound to what he saw.

A record names account, venue host, scope, engine version and configuration; a
change of any of them voids it.  Until the gates for a real venue stand, there
is one scope, *rehearsal*, and it reaches this machine only: no order can leave
it, whatever the record says.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import JSONDecodeError, dumps, loads
from pathlib import Path

from trader.coinbase.trust import is_loopback
from trader.errors import TraderError

REHEARSAL = "rehearsal"
LONGEST = timedelta(hours=24)
KEY_BYTES = 32


class NotArmed(TraderError):
    """Nobody armed this account for this, or no longer."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Bound:
    """What an arming is for; every field must be the same when it is used."""

    account: str
    host: str
    scope: str
    engine_version: str
    config_hash: str


@dataclass(frozen=True, slots=True)
class Armed:
    """One arming; times in ISO 8601, UTC."""

    bound: Bound
    by: str
    armed_at: str
    expires_at: str


class Armoury:
    """Writes and reads the record of one *folder*, with a signing key that stays in it (0600)."""

    def __init__(self, folder: Path, account_tag: str) -> None:
        self._record = folder / f"{account_tag}.armed.json"
        self._key_file = folder / "arming.key"

    def arm(self, bound: Bound, by: str, now: datetime, lasting: timedelta) -> Armed:
        """Write the record; raises NotArmed where nothing of the kind may be armed."""
        _allowed(bound)
        if not timedelta(0) < lasting <= LONGEST:
            raise NotArmed(f"arming for {lasting}: above 0 and at most {LONGEST}")
        armed = Armed(bound, by, now.isoformat(), (now + lasting).isoformat())
        try:
            self._write(armed)
        except OSError as error:
            raise NotArmed(
                f"{self._record}: cannot be written: {error.strerror or error}; nothing was armed"
            ) from error
        return armed

    def check(self, bound: Bound, now: datetime) -> Armed:
        """The valid arming for exactly *bound*; raises NotArmed, saying which condition fails."""
        _allowed(bound)
        armed = self._read()
        for field in fields(Bound):
            was, asked = getattr(armed.bound, field.name), getattr(bound, field.name)
            if was != asked:
                raise NotArmed(f"{self._record}: armed for {field.name} {was}, not for {asked}; arm it anew")
        if now >= datetime.fromisoformat(armed.expires_at):
            raise NotArmed(f"{self._record}: the arming expired at {armed.expires_at}; arm it anew")
        if now < datetime.fromisoformat(armed.armed_at) - timedelta(minutes=1):
            raise NotArmed(f"{self._record}: armed at {armed.armed_at}, which is yet to come; set the clock right")
        return armed

    def _write(self, armed: Armed) -> None:
        self._record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = dumps({"armed": asdict(armed), "signature": self._sign(armed, make=True)}, sort_keys=True, indent=1)
        scratch = self._record.with_suffix(".new")
        scratch.write_text(text + "\n", encoding="utf-8")
        os.chmod(scratch, 0o600)
        os.replace(scratch, self._record)

    def _read(self) -> Armed:
        try:
            document = loads(self._record.read_text(encoding="utf-8"))
            said = document["armed"]
            armed = Armed(Bound(**said.pop("bound")), **said)
            signature = str(document["signature"])
        except FileNotFoundError as error:
            raise NotArmed(f"{self._record}: nobody has armed this account; see trader arm --help") from error
        except (OSError, JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
            raise NotArmed(f"{self._record}: is not an arming record; arm the account anew") from error
        if not hmac.compare_digest(signature, self._sign(armed)):
            raise NotArmed(f"{self._record}: its signature is wrong: it was changed, or made on another installation")
        return armed

    def _sign(self, armed: Armed, *, make: bool = False) -> str:
        if make and not self._key_file.exists():
            self._key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._key_file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(secrets.token_bytes(KEY_BYTES))
        try:
            key = self._key_file.read_bytes()
        except OSError as error:
            raise NotArmed(f"{self._key_file}: the signing key is gone; arm the account anew") from error
        return hmac.new(key, dumps(asdict(armed), sort_keys=True).encode(), sha256).hexdigest()


def _allowed(bound: Bound) -> None:
    if bound.scope != REHEARSAL:
        raise NotArmed(f"scope {bound.scope}: there is only {REHEARSAL} yet; canary and full wait for their gates")
    if not is_loopback(bound.host):
        raise NotArmed(
            f"host {bound.host}: a {REHEARSAL} stays on this machine (127.0.0.1 or localhost, see trader simulator); "
            "real venues wait for the gates, which are not there yet"
        )


def utc_now() -> datetime:
    """The wall clock, which expiry is judged by."""
    return datetime.now(UTC)
