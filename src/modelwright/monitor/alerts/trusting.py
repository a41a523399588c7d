"""Whose certificates are believed: those that the system believes, and those of an authority of the user's own."""

from __future__ import annotations

import ssl

__all__ = ["distrusted", "trusting"]


def trusting(authority: str = "") -> ssl.SSLContext:
    """Return a context that checks certificates and the names in them.

    Parameters
    ----------
    authority : str
        File with certificates (PEM) that are believed beside those of the system; empty: none.

    Raises
    ------
    OSError
        The file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cafile=authority)
    return context


def distrusted(error: ssl.SSLCertVerificationError) -> str:
    """Return in words that a certificate was not believed, and what helps where it is one's own."""
    return (
        f"its certificate is not trusted ({error.verify_message or error.reason}); "
        "certificates of an authority of your own are named by 'ca_file' in monitor.toml"
    )
