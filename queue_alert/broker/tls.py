"""TLS with a broker whose certificate and name are checked."""

import ssl
from pathlib import Path
from typing import Any

__all__ = ["TlsContext", "tls_context"]


class TlsContext(ssl.SSLContext):
    """Remembers the socket it was wrapped around, which paho forgets when the handshake fails."""

    made: ssl.SSLSocket | None = None

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Wrap a socket as every context does."""
        self.made = super().wrap_socket(*args, **kwargs)
        return self.made


def tls_context(*, ca: Path | None, certificate: Path | None, key: Path | None) -> TlsContext:
    """Return a context that checks the broker's certificate and name; reads files.

    Args:
        ca: Who has signed it; ``None``: anybody the system trusts.
        certificate: Our own certificate, if the broker wants one.
        key: Its key, if it is not in the same file.

    Raises:
        OSError: A file cannot be read, or (``ssl.SSLError``) does not hold what it should.
    """
    context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
