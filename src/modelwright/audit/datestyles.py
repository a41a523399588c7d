"""How dates are written: which style each text is in, and whether day or month comes first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelwright.data.parsing.moments import format_reader, read_moment

__all__ = ["DateStyles", "date_styles", "order_of", "style_of"]

_TIME = r"(?:[T ,:]\s*\d{1,2}:\d{2}.*)?"
_NUMBERS = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"\d{{4}}([/.-])\d{{1,2}}\1\d{{1,2}}{_TIME}", re.ASCII)
_DAY_NAMED = re.compile(rf"\d{{1,2}}\.?[ /-]?[A-Za-z]{{3,9}}\.?,?[ /-]?(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_NAMED_DAY = re.compile(rf"[A-Za-z]{{3,9}}\.? \d{{1,2}},? \d{{4}}{_TIME}", re.ASCII)
_PACKED = re.compile(r"\d{8}", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?", re.ASCII)
_EXCEL_FROM, _EXCEL_TO = 14_611, 73_051  # 1940 to 2100
_NAMED_FORMATS = ("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d%b%Y", "%d-%b-%y", "%d %b %y", "%d %B %Y", "%d. %B %Y",
                  "%d-%B-%Y", "%d %b, %Y", "%d %B, %Y", "%d%b%y")  # fmt: skip
_LAST_FORMATS = ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y")


@dataclass
class DateStyles:
    """Rows by style of the date.

    Attributes
    ----------
    styles : dict of str to int
        By `style_of`.
    examples : dict of str to str
        A text of the column per style and order.
    n_texts : int
        Rows with a text, dates or not.
    orders : dict of str to int
        Rows of dates in numbers with the year last by `order_of`.
    firsts, seconds : set of int
        The first and the second numbers of these dates.
    """

    styles: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    n_texts: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    firsts: set[int] = field(default_factory=set)
    seconds: set[int] = field(default_factory=set)

    @property
    def n_dates(self) -> int:
        """Rows with a date."""
        return sum(self.styles.values())


def date_styles(texts: Mapping[str, int]) -> DateStyles:
    """Return the styles of distinct, stripped texts that are given with how often they occur."""
    found = DateStyles(n_texts=sum(texts.values()))
    for text, n in texts.items():
        style = style_of(text)
        if style:
            found.styles[style] = found.styles.get(style, 0) + n
            found.examples.setdefault(style, text)
        if style.endswith("year last"):
            _count_order(found, text, n)
    return found


def style_of(text: str) -> str:
    """Return the style of a date in words, empty where the text is no date."""
    if match := _NUMBERS.fullmatch(text):
        a, b, year = int(match[1]), int(match[3]), match[4]
        return f"numbers with '{match[2]}', {len(year)}-digit year last" if _may_be(a, b) else ""
    if match := _YEAR_FIRST.fullmatch(text):
        day = re.split(r"[T ,:]", text)[0].replace(match[1], "-")
        return f"year first with '{match[1]}'" if format_reader("%Y-%m-%d")(day) is not None else ""
    if _DAY_NAMED.fullmatch(text):
        day = re.split(r"[T ,:]\s*\d{1,2}:", text)[0]
        return "day and name of the month" if read_moment(day, _NAMED_FORMATS) is not None else ""
    if _NAMED_DAY.fullmatch(text):
        day = re.split(r"[T ,:]\s*\d{1,2}:", text)[0]
        return "name of the month and day" if read_moment(day, _LAST_FORMATS) is not None else ""
    return _style_of_digits(text)


def _style_of_digits(text: str) -> str:
    if _PACKED.fullmatch(text):
        return "eight digits" if format_reader("%Y%m%d")(text) is not None and text[:2] in ("19", "20") else ""
    if _SERIAL.fullmatch(text):
        return "days counted by a spreadsheet" if _EXCEL_FROM <= float(text) <= _EXCEL_TO else ""
    return "seconds since 1970" if _EPOCH.fullmatch(text) else ""


def _may_be(a: int, b: int) -> bool:
    low, high = sorted((a, b))
    return 1 <= low <= 12 and high <= 31


def order_of(text: str) -> str:
    """Return what comes first in a date of numbers with the year last: ``"day"``, ``"month"`` or ``"either"``."""
    match = _NUMBERS.fullmatch(text)
    if match is None or not _may_be(a := int(match[1]), b := int(match[3])):
        return ""
    return "day" if a > 12 else "month" if b > 12 else "either"


def _count_order(found: DateStyles, text: str, n: int) -> None:
    first, second = (int(p) for p in re.findall(r"\d+", text)[:2])
    found.firsts.add(first)
    found.seconds.add(second)
    order = order_of(text)
    found.orders[order] = found.orders.get(order, 0) + n
    found.examples.setdefault(order, text)
