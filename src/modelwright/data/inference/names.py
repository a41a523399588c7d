"""What the name of a column hints at. A name alone decides nothing; it tips the scale between readings of values."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["geo_side", "hints", "is_code", "is_flag", "is_key", "is_quantity", "is_time", "tokens", "words"]


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_KEY = words(
    "id ids key uuid guid uid pid oid gid identifier rowid rownum rownumber rownames rowname isbn iban vin serial hash"
)
_WEAK_KEY = words("index idx row no nr num number ref reference unnamed code account record case")
_TIME = words(
    "time timestamp ts epoch unix date datetime day created updated modified at dt period month year "
    "week hour minute step t tick cycle"
)
_CODE = words(
    "cluster segment sector region district zone ward precinct dept department branch channel carrier operator vendor "
    "supplier agent company gender sex race ethnicity marital marriage nationality country state county city province "
    "occupation profession industry religion language color colour fips icd sic naics model make brand kind location "
    "station store shop airport route lane browser device os user customer client patient member employee driver rider "
    "student school hospital product item machine vehicle"
)
_CODE_ENDINGS = ("class", "code", "codes", "zip", "category", "type", "postal", "plz", "cat")
_QUANTITY = words(
    "count counts num n number qty quantity amount total sum avg average mean median rate ratio pct percent share "
    "price cost value size length width height weight age days hours minutes years months score index rank level "
    "population income salary distance duration per frequency freq area capacity year"
)
_FLAG = words("is has was had can did does flag flagged dummy indicator bool boolean binary yn active enabled any")
_LATITUDE = re.compile(r"lat|lat+itude?|latitude|lattitude")
_LONGITUDE = re.compile(r"lng|lon|long|long?t?itude|longitude|longtitude")


@lru_cache(maxsize=4096)
def tokens(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a name: "customerID", "Customer.Id" and "customer_id" are customer, id."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(t for t in re.split(r"[\W_\d]+", spaced.lower()) if t)


def hints(name: str, wanted: frozenset[str]) -> str | None:
    """Return the first word of the name that is one of ``wanted``."""
    return next((t for t in tokens(name) if t in wanted), None)


def is_key(name: str, *, weak: bool = False) -> bool:
    """Return whether the name is that of a key; with ``weak``, also names that keys often have ("number", "index")."""
    parts = tokens(name)
    ends = {*parts[:1], *parts[-1:]}  # "customer_id", "id_customer", and not a word in between
    return bool(ends & _KEY) or (weak and (bool(ends & _WEAK_KEY) or not parts))


def is_time(name: str) -> bool:
    """Return whether the name speaks of a time."""
    return hints(name, _TIME) is not None


def is_quantity(name: str) -> bool:
    """Return whether the name speaks of an amount."""
    return hints(name, _QUANTITY) is not None


def is_code(name: str) -> bool:
    """Return whether the name says that numbers are codes of things: "zip", "Pclass", "store", and no quantity.

    The last word counts: a "carrier delay" is a delay. "Time spend company" is a time, "period code" is a code.
    """
    last = tokens(name)[-1:]
    if not last or is_quantity(name):
        return False
    return last[0].endswith(_CODE_ENDINGS) or (last[0] in _CODE and not is_time(name))


def is_flag(name: str) -> bool:
    """Return whether the name asks a yes-or-no question."""
    return hints(name, _FLAG) is not None


def geo_side(name: str) -> tuple[str, str] | None:
    """Return ``("latitude" or "longitude", the rest of the name)``, None for other names.

    Columns of a pair have the same rest: "pickup_lat" and "pickup_lng" both have "pickup".
    """
    parts = tokens(name)
    for position, word in enumerate(parts):
        side = "latitude" if _LATITUDE.fullmatch(word) else "longitude" if _LONGITUDE.fullmatch(word) else None
        if side:
            return side, " ".join(parts[:position] + parts[position + 1 :])
    return None
