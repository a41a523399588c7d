"""Values that stand for "missing" without saying so: ``"?"``, ``"unknown"``, -999, 9999."""

from __future__ import annotations

import re

import numpy as np

from modelwright.audit.looking import Coded

__all__ = [
    "DATE_GAP",
    "MIN_REPEATS",
    "MISSING_WORDS",
    "SENTINELS",
    "SENTINEL_DATES",
    "ZERO_GAP_SHARE",
    "missing_words",
    "sentinel_dates",
    "sentinel_numbers",
    "sentinel_pile",
    "suspicious_zeros",
]

# Written for missing by people and systems. "none" and "other" are not here: they are answers ("no other debtor").
MISSING_WORDS = frozenset(
    re.split(
        r"\s*\|\s*",
        "?|??|-|--|---|.|..|*|#|n/a|na|n.a.|nan|null|nil|missing|unknown|unk|unkn|undefined|unspecified|undetermined|"
        "#n/a|#na|#null!|<na>|<null>|(null)|[null]|(missing)|not_available|not available|n/k|not known|not specified|"
        "not recorded|not stated|no data|no answer|don't know|tbd|tba|not reported|not provided|not given|"
        "prefer not to say|prefer not to answer|declined to answer|refused to answer|did not answer|not answered|"
        "unanswered|no reply|not entered|not captured|not collected|not determined|to be determined|to be confirmed|"
        "data not available|information not available|unkown|unknwon|xx|xxx|xxxx|"
        "not disclosed|no response|no information|not filled in|(blank)|<blank>|[blank]|(empty)|<empty>|(unknown)|"
        "<unknown>|[unknown]|(none given)|unknown value|keine angabe|k.a.|k. a.|unbekannt|inconnu|inconnue|"
        "non renseigné|non renseigne|desconocido|desconocida|sin dato|sin datos|sconosciuto|onbekend|ukjent|okänd|"
        "desconhecido|neznámý|неизвестно|不明|未知",
    )
)

_DAY = 86_400.0
# What databases and people write where a date is missing, or was never reached.
SENTINEL_DATES = frozenset(
    float(np.datetime64(day, "s").astype(np.int64))
    for day in ("0001-01-01", "1601-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01",
                "1900-01-02", "1901-01-01", "1970-01-01", "2099-12-31", "2100-01-01", "2199-12-31", "2200-01-01",
                "2262-04-11", "2999-12-31", "3000-01-01", "3000-12-31", "4000-01-01", "8888-08-08", "9998-12-31",
                "9999-01-01", "9999-12-31")
)  # fmt: skip
DATE_GAP = 0.1  # such a date stands apart from all others by this share of their range

# Survey and measurement conventions (SPSS user-missing codes, GDAL nodata, NOAA formats).
_NINES = tuple(float("9" * d) for d in range(2, 8))
SENTINELS = frozenset(
    {-1.0, -9.0, *(-v for v in _NINES), *_NINES}
    | {v - d for v in _NINES for d in (1, 2, 3)}
    | {-(v - d) for v in _NINES for d in (1, 2)}
    | {-99.99, -999.9, -999.99, 99.99, 999.9, 999.99, -32768.0, 32767.0, -2147483648.0, 2147483647.0}
)
_LONG_SENTINELS = frozenset(v for v in SENTINELS if abs(v) >= 900)
PILE_SHARE, PILE_RATIO = 0.01, 20.0  # a code within the range: so many rows, and times the rows of the values beside it
MIN_REPEATS = 3  # a convention is used more than once …
REPEAT_SHARE = 0.0005  # … in a column of many rows
MIN_OTHER_VALUES = 5  # codes 0 … 4 and 9 are levels, not numbers with a sentinel
MIN_OTHER_SPREAD = 10.0  # a lone -1 below 0, 1, 2 may be the lowest grade of a scale
ZERO_GAP_SHARE = 0.15  # zero stands apart from the rest by this share of the rest's central range
ZERO_MOST = 0.5  # columns that are mostly zero count something


def missing_words(column: Coded) -> list[tuple[str, int]]:
    """Return the levels of a text column that mean missing, with their counts.

    Conventional codes (-999, 9999) mean missing where no other level is a number.
    """
    numbers = {str(v) for v in column.values if _is_number(str(v))}
    codes = {v for v in numbers if float(v) in _LONG_SENTINELS}
    codes = codes if numbers == codes and len(codes) < column.n_levels / 2 else set()
    return [
        (str(v), int(c))
        for v, c in zip(column.values, column.counts, strict=True)
        if str(v).strip().lower() in MISSING_WORDS or str(v) in codes
    ]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def sentinel_dates(column: Coded) -> list[tuple[float, int]]:
    """Return repeated dates at either end that stand for missing (1900-01-01, 9999-12-31), with their counts."""
    values, counts = column.values, column.counts
    enough = max(MIN_REPEATS, REPEAT_SHARE * column.n_present)
    known = np.isin(np.floor(values / _DAY) * _DAY, list(SENTINEL_DATES)) & (counts >= enough)
    rest = np.flatnonzero(~known)
    if not known.any() or len(rest) < MIN_OTHER_VALUES:
        return []
    low, high = float(values[rest[0]]), float(values[rest[-1]])
    gap = DATE_GAP * (high - low)
    apart = known & ((values <= low - gap) | (values >= high + gap))
    return [(float(v), int(c)) for v, c in zip(values[apart], counts[apart], strict=True)]


def sentinel_pile(column: Coded) -> tuple[float, int] | None:
    """Return a conventional code of three nines or more that towers among the other values, None without one."""
    values, counts = column.values, column.counts
    if len(values) < 4 * MIN_OTHER_VALUES:
        return None
    top = int(np.argmax(counts))
    beside = np.concatenate([counts[max(0, top - 5) : top], counts[top + 1 : top + 6]])
    n = int(counts[top])
    towers = n >= PILE_SHARE * column.n_present and n >= PILE_RATIO * beside.max()
    return (float(values[top]), n) if towers and float(values[top]) in _LONG_SENTINELS else None


def sentinel_numbers(column: Coded) -> list[tuple[float, int]]:
    """Return repeated conventional codes at either end of a number column that stand apart from all other values.

    "Apart" means that the gap to the nearest other value is as large as the range of all other values (for -1: that it
    is the only negative value of a column of whole numbers that reaches at least `MIN_OTHER_SPREAD`).
    """
    values, counts = column.values, column.counts
    enough = max(MIN_REPEATS, REPEAT_SHARE * column.n_present)
    low, high = 0, len(values)
    while low < high and values[low] in SENTINELS and values[low] < 0:
        low += 1
    while high > low and values[high - 1] in SENTINELS and values[high - 1] > 0:
        high -= 1
    low = low if counts[:low].sum() >= enough else 0
    high = high if counts[high:].sum() >= enough else len(values)
    found = []
    while low > 0 and not _apart_below(values[low - 1], values[low:high]):
        low -= 1
    while high < len(values) and not _apart_above(values[high], values[low:high]):
        high += 1
    for i in [*range(low), *range(high, len(values))]:
        found.append((float(values[i]), int(counts[i])))
    return found


def _apart_below(value: float, rest: np.ndarray) -> bool:
    if len(rest) < MIN_OTHER_VALUES:
        return False
    if value in (-1.0, -9.0):
        whole = bool(np.all(rest == np.floor(rest)))
        # Fractions never stop short of -1 by chance, whatever they reach.
        return rest[0] >= 0 and (rest[-1] >= MIN_OTHER_SPREAD if whole else value == -1.0)
    return rest[0] - value >= rest[-1] - rest[0]


def _apart_above(value: float, rest: np.ndarray) -> bool:
    return len(rest) >= MIN_OTHER_VALUES and value - rest[-1] >= rest[-1] - rest[0]


def suspicious_zeros(column: Coded) -> int:
    """Return how many zeros stand apart below a positive measurement, 0 where they may be honest."""
    values, counts = column.values, column.counts
    if len(values) < 4 * MIN_OTHER_VALUES or values[0] != 0:
        return 0
    n_zero, n = int(counts[0]), column.n_present
    if n_zero < MIN_REPEATS or n_zero > ZERO_MOST * n:
        return 0
    position = np.cumsum(counts[1:]) / counts[1:].sum()
    low, high = values[1:][np.searchsorted(position, (0.01, 0.99))]
    return n_zero if values[1] >= ZERO_GAP_SHARE * (high - low) and high > low else 0
