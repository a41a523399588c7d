"""Numbers, times and sizes as people read them. Pure functions from a value to text."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from modelwright.data.contract import Kind
from modelwright.evaluate.measurements import Measurement

__all__ = [
    "amount",
    "bounds",
    "count",
    "decimals_for",
    "duration",
    "effect",
    "excess",
    "fixed",
    "joined",
    "measured",
    "number",
    "plural",
    "share",
    "short",
    "size",
    "told_apart",
    "too_good",
    "turned",
    "value_of",
    "when",
]

NONE = "—"
# Beyond these a number is written as a power of ten.
LARGEST_PLAIN = 1e12
SMALLEST_PLAIN = 1e-4
# An uncertainty that starts with 1 keeps two digits, any other one: less than 10 % is lost to rounding either way
# (Particle Data Group, Review of Particle Physics, section 5.3, rounds alike).
TWO_DIGITS_BELOW = 2.0
FEWEST_DIGITS = 2  # of a value: less than 5 % is lost to rounding, however wide its interval
FAINT = 1e-3  # of its half width an interval ends beside 0 by: less is no side
LEAST_SHARED = 4  # characters that texts share beyond which they are left out
FIVE_DIGITS = 9_999.5  # rounded to whole numbers
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits and thousands separators: ``1,230``, ``0.0457``, ``12``."""
    if value is None or not math.isfinite(value):
        return NONE
    size = abs(value)
    if size == 0:
        return "0"
    if size >= LARGEST_PLAIN or size < SMALLEST_PLAIN:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{_minus(mantissa)} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    if value == round(value) and size < 10**digits:
        return _minus(f"{value:,.0f}")
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return _minus(f"{value:,.{decimals}f}")


def fixed(value: float | None, decimals: int) -> str:
    """Return a number with so many decimals and thousands separators; -2 decimals round to hundreds."""
    if value is None or not math.isfinite(value):
        return NONE
    if decimals < 0:
        value = round(value, decimals)
    text = f"{value:,.{max(decimals, 0)}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")  # no minus zero
    return _minus(text)


def decimals_for(value: float | None, low: float | None, high: float | None) -> int:
    """Return the decimals that an interval deserves: enough for its half width, no more; negative for large numbers."""
    half = (high - low) / 2 if low is not None and high is not None else 0.0
    if not half > sys.float_info.min or not math.isfinite(half):
        size = abs(value or 0.0)
        if size == 0 or not math.isfinite(size):
            return 2
        return min(max(2 - math.floor(math.log10(size)), 0), 6)
    exponent = math.floor(math.log10(half))
    digits = 2 if half / 10**exponent < TWO_DIGITS_BELOW else 1
    return min(digits - 1 - exponent, 6)


def measured(m: Measurement | None) -> str:
    """Return a measurement as ``0.93 (0.91 to 0.95)``, with its unit; a dash where it is not defined."""
    if m is None or m.value is None:
        return NONE
    value, between = _written(m)
    unit = f" {m.unit}" if m.unit else ""
    return value + (f" ({between})" if between else "") + unit


def amount(m: Measurement | None) -> str:
    """Return the value alone, written as in `measured`, and its unit."""
    if m is None or m.value is None:
        return NONE
    return _written(m)[0] + (f" {m.unit}" if m.unit else "")


def bounds(m: Measurement | None) -> str:
    """Return the interval alone as ``0.91 to 0.95``, or an empty text."""
    return "" if m is None or m.value is None else _written(m)[1]


def effect(left: Measurement, done: Measurement, gain: Measurement, title: str) -> str:
    """Return what something did to a score, in one sentence; ``gain`` above 0 is better."""
    scores = f"{title} {amount(left)} as it came, {amount(done)} as it is used"
    if gain.low is None or gain.high is None or gain.low <= 0 <= gain.high:
        return f"No difference to a quick model beyond noise: {scores}."
    if gain.low > 0:
        return f"A quick model is better by {measured(gain)}: {scores}."
    return f"A quick model loses {measured(turned(gain))}: {scores}."


def excess(fair: Measurement, naive: Measurement, more: Measurement, title: str, judged_on: str) -> str:
    """Return how much too good a random split would have looked, in one sentence.

    ``judged_on`` names what the fair score was measured on: "groups they had not seen".
    """
    where = f"by quick models judged on {judged_on}, {count(fair.n)} rows in all"
    scores = f"{title} {amount(naive)} instead of {amount(fair)}, {where}"
    told = {
        None: "How a random split would have looked could not be measured",
        "surely": f"A random split would have looked too good by {measured(more)}",
        "likely": f"A random split would most likely have looked too good, by {measured(more)}",
        "worse": f"A random split would have looked not too good but too bad, by {measured(turned(more))}",
        "unclear": f"A random split would not have looked too good beyond noise, {measured(more)}",
    }
    return f"{told[too_good(more)]}: {scores}."


def too_good(more: Measurement) -> str | None:
    """Return how sure it is that a random split looks too good: ``surely``, ``likely``, ``unclear``, or ``worse``; None
    where it was not measured.

    Likely: zero lies in the outer half of the interval's lower side, which leaves no more than one chance in eight (of
    Student's t with 3 to 5 degrees of freedom, as three to six folds give it; one in six of a normal distribution).
    """
    if more.value is None or more.low is None or more.high is None:
        return None
    if more.low > 0:
        return "surely"
    if more.high < 0:
        return "worse"
    return "likely" if more.low > -more.value else "unclear"


def turned(m: Measurement) -> Measurement:
    """Return the same with its sign turned: what is lost for what is gained."""
    turned = [None if v is None else -v for v in (m.value, m.high, m.low)]
    return replace(m, value=turned[0], low=turned[1], high=turned[2])


def _written(m: Measurement) -> tuple[str, str]:
    """Return value and interval: decimals as the interval deserves, but a wide one never swallows the value."""
    value, ends = m.value, (m.low, m.high)
    decimals = decimals_for(value, *ends)
    known = [e for e in ends if e is not None]
    largest = max(abs(v) for v in (value or 0.0, *known) if math.isfinite(v)) if value is not None else 0.0
    if decimals >= _decimals_needed(value) and largest < LARGEST_PLAIN:
        least = (max(known) - min(known)) / 2 * FAINT if known else 0.0
        texts = [fixed(value, decimals), *(_end(e, decimals, least) for e in ends)]
    else:
        texts = [_rounded(v) for v in (value, *ends)]
    return texts[0], f"{texts[1]} to {texts[2]}" if len(known) == 2 else ""


def _end(value: float | None, decimals: int, least: float) -> str:
    """Return an end of an interval; never as 0 where it is not: that says on which sides of 0 the truth may be."""
    text = fixed(value, decimals)
    lost = value is not None and abs(value) > least and not text.strip("0.,")
    return _rounded(value) if lost else text


def _rounded(value: float | None) -> str:
    """Return a number with `FEWEST_DIGITS` significant digits."""
    if value is None or not math.isfinite(value) or not SMALLEST_PLAIN <= abs(value) < LARGEST_PLAIN:
        return number(value, FEWEST_DIGITS)
    return fixed(value, _decimals_needed(value))


def _decimals_needed(value: float | None) -> int:
    """Return the decimals that leave `FEWEST_DIGITS` significant digits of a value; few for zero."""
    if value is None or value == 0 or not math.isfinite(value):
        return -400
    return FEWEST_DIGITS - 1 - math.floor(math.log10(abs(value)))


def share(value: float | None, digits: int = 2) -> str:
    """Return a share as a percentage: ``12%``, ``0.4%``, ``99.7%``; never 0 % or 100 % for what is not."""
    if value is None or not math.isfinite(value):
        return NONE
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    near = min(abs(percent), abs(100 - percent))
    decimals = 0 if near >= 10 or near == 0 else max(0, digits - 1 - math.floor(math.log10(near)))
    text = f"{percent:.{min(decimals, 4)}f}"
    return _minus((text.rstrip("0").rstrip(".") if "." in text else text) + "%")


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return NONE if value is None else _minus(f"{round(value):,}")


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return ``1 row``, ``2,000 rows``."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Return a duration: ``85 ms``, ``4.2 s``, ``3 min 20 s``, ``1 h 5 min``, ``12 days``."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds < 0:
        return "−" + duration(-seconds)
    if seconds == 0:
        return "0 s"
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{number(milliseconds, 2)} ms" if milliseconds >= 0.001 else "under 1 µs"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, length, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = (whole % length) // part
            return f"{count(whole // length)} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def size(n_bytes: float | None) -> str:
    """Return a size: ``912 bytes``, ``1.2 MB``."""
    if n_bytes is None:
        return NONE
    if n_bytes < 1000:
        return plural(round(n_bytes), "byte")
    left, units = n_bytes / 1000, ["kB", "MB", "GB", "TB"]
    while left >= 999.5 and len(units) > 1:
        left, units = left / 1000, units[1:]
    unit = units[0]
    return f"{left:.1f} {unit}" if left < 9.95 else f"{left:,.0f} {unit}"


def when(iso: str) -> str:
    """Return ``31 May 2025, 14:03 UTC``; the text itself where it is no time."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = " UTC" if moment.tzinfo is not None and moment.utcoffset() == timedelta(0) else ""
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"


def value_of(value: float | None, kind: str, *, spread: float | None = None, beside: Iterable[float] = ()) -> str:
    """Return a canonical value of a column in the words of its kind.

    ``spread`` (maximum minus minimum) says how fine a datetime is to be written. ``beside`` are the values that it is
    told together with: where one of them needs a separator of thousands, it has one, too.
    """
    if value is None or not math.isfinite(value):
        return NONE
    if kind == Kind.DATETIME:
        try:
            moment = _EPOCH + timedelta(seconds=value)
        except OverflowError:
            return number(value)
        fine = spread is not None and spread < 3 * 86400
        return f"{moment:%Y-%m-%d %H:%M}" if fine else f"{moment:%Y-%m-%d}"
    if kind == Kind.DURATION:
        return duration(value)
    if kind == Kind.BOOLEAN:
        return {0.0: "no", 1.0: "yes"}.get(value, share(value))
    if kind == Kind.GEO:
        return fixed(value, 3)
    text = number(value, 4)
    if max(map(abs, (value, *beside))) < FIVE_DIGITS:
        text = text.replace(",", "")  # a year has no separator, and of four digits no other number needs one
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def short(text: str, limit: int = 28) -> str:
    """Return the text, cut in the middle with an ellipsis when it is longer than ``limit`` characters."""
    text = " ".join(str(text).split()) or "(empty)"
    if len(text) <= limit:
        return text
    head = (limit - 1 + 1) // 2
    return text[:head].rstrip() + "…" + text[len(text) - (limit - 1 - head) :].lstrip()


def told_apart(texts: Sequence[str], limit: int = 28) -> list[str]:
    """Return texts cut as in `short`; a beginning or end that all of the long ones share goes first, as they would
    look alike."""
    whole = [" ".join(str(t).split()) for t in texts]
    long = {t for t in whole if len(t) > limit}
    head, tail = _shared_start(long), _shared_start({t[::-1] for t in long})
    head, tail = (head if head > LEAST_SHARED else 0), (tail if tail > LEAST_SHARED else 0)
    if any(len(t) - head - tail < 1 for t in long):
        head, tail = 0, 0

    def cut(text: str) -> str:
        if text not in long:
            return short(text, limit)
        middle = short(text[head : len(text) - tail], limit - bool(head) - bool(tail))
        return ("…" if head else "") + middle + ("…" if tail else "")

    return [cut(t) for t in whole]


def _shared_start(words: Collection[str]) -> int:
    """Return how many characters all words begin with, 0 for fewer than two words."""
    return len(list(takewhile(lambda letters: len(set(letters)) == 1, zip(*words)))) if len(words) > 1 else 0


def joined(items: Iterable[str], limit: int = 6, last: str = "and") -> str:
    """Return ``a, b and c``; ``a, b and 12 more`` beyond ``limit``."""
    names: Sequence[str] = [str(i) for i in items]
    if len(names) > limit:
        names = [*names[: limit - 1], f"{count(len(names) - limit + 1)} more"]
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + f" {last} {names[-1]}"


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text
