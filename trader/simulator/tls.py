"""
The simulator's own certificate authority, made afresh and thrown away.

The server's certificate names 127.0.0.1 and localhost.  Keys never leave the
process except into files of mode 0600 in the folder that was named.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = 30


@dataclass(frozen=True, slots=True)
class Certified:
    """Where the papers lie: *ca_file* for clients; *chain_file* and *key_file* for the server."""

    ca_file: Path
    chain_file: Path
    key_file: Path


def certify(folder: Path, name: str = "simulator") -> Certified:
    """A new authority and a server certificate of its, written into *folder*."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"247trader {name} CA")])
    ca = _sign(ca_name, ca_name, ca_key.public_key(), ca_key, authority=True)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = _sign(subject, ca_name, key.public_key(), ca_key, authority=False)
    papers = Certified(folder / f"{name}-ca.pem", folder / f"{name}.pem", folder / f"{name}-key.pem")
    papers.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    papers.chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_private(papers.key_file, pem_of(key))
    return papers


def _sign(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey,
    authority: bool,
) -> x509.Certificate:  # fmt: skip
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_usage(authority), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """PKCS8, unencrypted."""
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()


def write_private(path: Path, text: str) -> None:
    """Write *text* so that only its owner can read it, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
