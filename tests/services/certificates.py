"""Certificates for a test, made by openssl."""

import asyncio
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """Files of an authority and of a server on the loopback address that it has signed."""

    ca: Path
    certificate: Path
    key: Path


async def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate for 127.0.0.1 in ``folder``."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key, request, extensions = (
        folder / name for name in ("server.pem", "server.key", "server.csr", "server.ext")
    )
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    await _openssl(
        *("req", "-x509", *curve, "-keyout", str(ca_key), "-out", str(ca), "-days", "2"),
        *("-subj", "/CN=authority of a test"),
    )
    await _openssl("req", *curve, "-keyout", str(key), "-out", str(request), "-subj", "/CN=broker")
    await asyncio.to_thread(extensions.write_text, "subjectAltName=IP:127.0.0.1\n")
    await _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial"),
        *("-out", str(certificate), "-days", "2", "-extfile", str(extensions)),
    )
    return Certificates(ca, certificate, key)


async def _openssl(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "openssl", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
