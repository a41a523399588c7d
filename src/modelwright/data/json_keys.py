"""How many keys a JSON document has, repeated ones each time: what decoders do not tell, who let the last one win."""

from __future__ import annotations

import re

__all__ = ["n_keys"]

_TEXTS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def n_keys(body: bytes, expected: int = -1) -> int:
    """Return how many keys all objects of a document have together.

    Outside of texts a colon stands behind keys alone. So many colons as keys are expected, texts not looked at, are
    enough to know: there are at least as many as keys.

    Parameters
    ----------
    body : bytes
        JSON that can be read.
    expected : int
        How many different keys there are known to be.
    """
    colons = body.count(b":")
    return colons if colons == expected else _TEXTS.sub(b"", body).count(b":")
