"""CityHash64 of short texts, in the version 1.0 that CatBoost uses for categories.

Pike and Alakuijala 2011, https://github.com/google/cityhash; here for at most 16 bytes: level codes are numbers of few
digits.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["LONGEST", "category_hash", "city64"]

LONGEST = 16
_ALL = (1 << 64) - 1
_K2 = 0x9AE16A3B2F90404F
_K3 = 0xC949D7C7509E6557
_MIX = 0x9DDFEA08EB382D69


def city64(text: bytes) -> int:
    """Return the hash of at most `LONGEST` bytes."""
    size = len(text)
    if size > LONGEST:
        raise ValueError("only short texts are hashed here")
    if size > 8:
        first, last = int.from_bytes(text[:8], "little"), int.from_bytes(text[-8:], "little")
        return _of_two(first, _rotated(last + size, size)) ^ last
    if size >= 4:
        first, last = int.from_bytes(text[:4], "little"), int.from_bytes(text[-4:], "little")
        return _of_two(size + (first << 3), last)
    if size:
        y = text[0] + (text[size >> 1] << 8)
        z = size + (text[-1] << 2)
        return _mixed((y * _K2 ^ z * _K3) & _ALL) * _K2 & _ALL
    return _K2


@lru_cache(maxsize=8192)
def category_hash(code: int) -> int:
    """Return CatBoost's hash of a level code written as text: 32 bits with a sign, spread to 64 as C does it."""
    low = city64(b"%d" % code) & 0xFFFFFFFF
    return (low - (1 << 32) if low >= 1 << 31 else low) & _ALL


def _of_two(low: int, high: int) -> int:
    low, high = low & _ALL, high & _ALL
    a = ((low ^ high) * _MIX) & _ALL
    a ^= a >> 47
    b = ((high ^ a) * _MIX) & _ALL
    b ^= b >> 47
    return b * _MIX & _ALL


def _rotated(value: int, by: int) -> int:
    value &= _ALL
    return (value >> by | value << (64 - by)) & _ALL


def _mixed(value: int) -> int:
    return value ^ value >> 47
