"""How a delimited text is written: delimiter, quotes, lines before the table, header or none.

The delimiter is the one that cuts the lines into the same number of clean cells most consistently (after van den Burg,
Nazábal & Sutton 2019, "Wrangling messy CSV files by detecting row and type patterns", simplified).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from modelwright.data.readers.headers import TWO_ROWS, names_of_two_rows

__all__ = ["BLANKS", "Dialect", "kind_of", "sniff"]

BLANKS = "blanks"
"""The delimiter of texts whose cells stand apart by one or more blanks or tabs."""

SINGLE = "\x1e"  # a delimiter for texts of one column: the record separator occurs in no text

_CANDIDATES = (",", ";", "\t", "|", "^", "\x1f", "\x01", BLANKS, ":")
_WEAK = frozenset({BLANKS, ":"})  # occur in texts and times as well: every line must agree
MAX_RECORDS = 300
MIN_CONSISTENCY = 0.5
MIN_WITHOUT_HEADER = 0.95
"""Consistency of a delimiter that the first line does not have in the same number: it may be a title."""

MAX_PREAMBLE = 30

PROSE_WORDS = 3.0
"""Mean number of words from which all columns together are sentences: a table has names, codes or numbers as well."""

_NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*[-+]?(\d[\d.,' ]*|[.,]\d+)([eE][-+]?\d+)?\s*[%€$)]?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d.*)?|\d{1,2}:\d{2}(:\d{2})?")
_NULL = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "."})
_YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a text is cut into cells.

    Attributes
    ----------
    delimiter : str
        One character, or `BLANKS`.
    quote : str
    escape : str or None
        Character before a quote inside quotes; None where quotes are doubled.
    header : bool
    names : tuple of str
        As written; ``x0``, ``x1``, … without a header.
    skip_lines : int
        Lines before the first row of data.
    spaced : bool
        Blanks stand between delimiter and quote.
    trailing : bool
        Every row ends with a delimiter: there is an empty column after the last name.
    notes : tuple of str
    """

    delimiter: str
    quote: str
    escape: str | None
    header: bool
    names: tuple[str, ...]
    skip_lines: int
    spaced: bool = False
    trailing: bool = False
    notes: tuple[str, ...] = ()


def sniff(text: str) -> Dialect | None:
    """Return the dialect of a text judged by its start, None where it holds no record at all."""
    told, skip, text = _announced(text)
    quote, escape = _quoting(text)
    delimiter = told or _best_delimiter(text, quote, escape)
    records = _records(text, delimiter, quote, escape)
    notes: list[str] = []
    records, skip_here = _without_preamble(records, notes)
    if not records:
        return None
    first, line = records[0]
    rows = [r for r, _ in records[1:] if r]
    width = _mode([len(r) for r in rows]) if rows else len(first)
    two = _two_rows(records)
    if two is not None:
        first, line, rows = two, records[1][1], rows[1:]
        notes.append(TWO_ROWS)
    header = two is not None or _has_header(first, rows)
    names, trailing = _names(first, rows, width, notes) if header else (tuple(f"x{i}" for i in range(width)), False)
    if not header:
        notes.append("the file has no header: the columns are named x0, x1, …")
        trailing = bool(rows) and width > 1 and all(len(r) == width and not r[-1].strip() for r in rows)
        names = names[:-1] if trailing else names
    if _is_prose(first if header else [], rows):
        notes.append(
            "every column holds sentences, and no line names columns: the file reads like a letter, not like a table"
        )
    spaced = delimiter not in _WEAK and re.search(re.escape(delimiter) + r" +" + re.escape(quote), text) is not None
    return Dialect(
        delimiter=delimiter, quote=quote, escape=escape, header=header, names=names, trailing=trailing,
        skip_lines=skip + (line if header else skip_here), spaced=spaced, notes=tuple(notes),
    )  # fmt: skip


def _announced(text: str) -> tuple[str | None, int, str]:
    """Return the delimiter of Excel's first line ``sep=;``, the lines it took, and the rest."""
    match = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    return (match[1], 1, text[match.end() :]) if match else (None, 0, text)


def _quoting(text: str) -> tuple[str, str | None]:
    """Return the quote and the escape character."""
    cut = r"[,;\t|\r\n]"
    double = len(re.findall(rf'(?:^|{cut}) *"', text, re.MULTILINE))
    opened = len(re.findall(rf"(?:^|{cut})'", text, re.MULTILINE))
    closed = len(re.findall(rf"(?:^|{cut})'[^'\n]*'(?={cut}|$)", text, re.MULTILINE))
    quote = "'" if not double and opened and opened == closed else '"'
    # A backslash before a closing quote is a Windows folder; before a quote inside the cell it is an escape.
    inside = re.search(rf"\\{quote}(?![,;\t|\r\n]|$)", text, re.MULTILINE) is not None
    escape = "\\" if inside and (quote * 2) not in text.replace(quote * 3, "") else None
    return quote, escape


def _records(text: str, delimiter: str, quote: str, escape: str | None) -> list[tuple[list[str], int]]:
    """Return the first records and, for each, the number of lines up to its end."""
    if delimiter == BLANKS:
        lines = text.splitlines()[:MAX_RECORDS]
        return [(line.split(), number) for number, line in enumerate(lines, 1)]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, escapechar=escape,
        doublequote=escape is None, skipinitialspace=True,
    )  # fmt: skip
    records: list[tuple[list[str], int]] = []
    try:
        for record in reader:
            records.append((record, reader.line_num))
            if len(records) >= MAX_RECORDS:
                break
    except csv.Error:
        pass  # an endless quote: the records before it tell enough
    return records


def _best_delimiter(text: str, quote: str, escape: str | None) -> str:
    best, best_score = SINGLE, 0.0
    for candidate in _CANDIDATES:
        if candidate != BLANKS and candidate not in text:
            continue
        score = _score([r for r, _ in _records(text, candidate, quote, escape) if any(c.strip() for c in r)], candidate)
        if score > best_score + 1e-9:
            best, best_score = candidate, score
    return best


def _score(rows: list[list[str]], candidate: str) -> float:
    """Return the share of rows of the usual width times the share of clean cells; 0 where it is no delimiter."""
    rows = [r for r in rows if not r[0].lstrip().startswith("#")] or rows
    if not rows:
        return 0.0
    body = rows[1:] or rows
    width = _mode([len(r) for r in body])
    consistency = sum(len(r) == width for r in body) / len(body)
    if width < 2 or consistency < (0.999 if candidate in _WEAK else MIN_CONSISTENCY):
        return 0.0
    agrees = len(rows[0]) == width or len(rows[0]) == width - 1 > 1 or not rows[0][-1].strip()
    if not agrees and (candidate in _WEAK or consistency < MIN_WITHOUT_HEADER):
        return 0.0
    cells = [c.strip() for r in body for c in r]
    foreign = ",;\t|" if candidate in _WEAK else ";\t|"
    clean = sum(_is_clean(c, foreign.replace(candidate, "")) for c in cells)
    return (0.5 if candidate in _WEAK else 1.0) * (1.0 if agrees else 0.5) * consistency * clean / len(cells)


def _is_clean(cell: str, foreign: str) -> bool:
    """Return whether a cell holds no quote, and no other delimiter unless it is a number or a text of some words."""
    if '"' in cell:
        return False
    return not any(f in cell for f in foreign) or cell.count(" ") >= 2 or _NUMBER.fullmatch(cell) is not None


def _mode(widths: list[int]) -> int:
    return Counter(widths).most_common(1)[0][0]


def _without_preamble(
    records: list[tuple[list[str], int]], notes: list[str]
) -> tuple[list[tuple[list[str], int]], int]:
    """Return the records from the header on, and the number of lines before."""
    width = _mode([len(r) for r, _ in records if r] or [0])
    comments = titles = skipped = 0
    while records and comments + titles < MAX_PREAMBLE:
        record, line = records[0]
        follows = records[1][0] if len(records) > 1 else []
        filled = sum(bool(c.strip()) for c in record)
        names = filled == width > 1 and follows and not follows[0].lstrip().startswith("#")
        if record and record[0].lstrip().startswith("#") and not names:
            comments += 1
        elif filled and (width < 3 or filled > 1):
            break
        elif filled:
            titles += 1
        records, skipped = records[1:], line
    if comments:
        notes.append(f"{comments} comment line{'s' * (comments > 1)} before the table skipped")
    if titles:
        notes.append(f"{titles} line{'s' * (titles > 1)} before the header skipped")
    return records, skipped


def _is_prose(header: list[str], rows: list[list[str]]) -> bool:
    """Return whether lines are sentences that happen to hold a delimiter, or none: names of columns are words."""
    if header and all(len(name.split()) == 1 and name.strip()[-1] not in ".,:;!?" for name in header):
        return False
    columns = (
        [r[i].strip() for r in rows if len(r) > i and r[i].strip()] for i in range(max(map(len, rows), default=0))
    )
    filled = [column for column in columns if column]
    return bool(filled) and all(sum(len(c.split()) for c in column) >= PROSE_WORDS * len(column) for column in filled)


def kind_of(cell: str) -> str:
    """Return what a cell looks like: ``"text"``, ``"number"``, ``"date"``, or ``"null"`` where it says nothing."""
    cell = cell.strip()
    if cell.lower() in _NULL:
        return "null"
    return "number" if _NUMBER.fullmatch(cell) else "date" if _DATE.fullmatch(cell) else "text"


def _has_header(first: list[str], rows: list[list[str]]) -> bool:
    """Return whether the first record names the columns, by votes of the columns."""
    kinds = [kind_of(c) for c in first]
    if not rows:
        return "number" not in kinds and "date" not in kinds
    filled = [c.strip() for c in first if c.strip()]
    if _counts_up(filled) or (
        kinds.count("number") > 0
        and all(_YEAR.fullmatch(c.strip()) or k == "text" for c, k in zip(first, kinds))
        and "text" in kinds
    ):
        return True  # pandas' 0, 1, 2, …, or one column per year
    votes = 0
    for position, (cell, kind) in enumerate(zip(first, kinds)):
        column = [r[position].strip() for r in rows if len(r) > position]
        votes += _vote(cell.strip(), kind, column)
    if votes == 0:
        return "number" not in kinds and len(set(filled)) == len(filled)
    return votes > 0


def _two_rows(records: list[tuple[list[str], int]]) -> list[str] | None:
    """Return the names where the first two records name the columns together."""
    upper, lower = ([cell.strip() for cell in record] for record, _ in (*records, ([], 0))[:2])
    below = [[(cell.strip(), kind_of(cell)) for cell in record] for record, _ in records[2:] if record]
    return names_of_two_rows(upper, lower, [kind_of(cell) for cell in (*upper, *lower)], below)


def _vote(cell: str, kind: str, column: list[str]) -> int:
    """Return 1 where a cell differs from its column like a name, -1 where it is like its column, 0 if unclear."""
    kinds = Counter(k for k in map(kind_of, column) if k != "null")
    if not kinds or kind == "null":
        return 0
    usual, share = kinds.most_common(1)[0][0], kinds.most_common(1)[0][1] / sum(kinds.values())
    if kind in ("number", "date"):
        return -1 if usual == kind else 0
    if usual in ("number", "date") and share > 0.9:
        return 1
    if cell in column:
        return -1
    longest, shortest = max(map(len, column)), min(map(len, column))
    return 1 if len(set(column)) <= len(column) / 4 and not shortest <= len(cell) <= longest else 0


def _counts_up(cells: list[str]) -> bool:
    return len(cells) > 2 and cells in ([str(i) for i in range(len(cells))], [str(i) for i in range(1, len(cells) + 1)])


def _names(first: list[str], rows: list[list[str]], width: int, notes: list[str]) -> tuple[tuple[str, ...], bool]:
    """Return the names, one per column of the data, and whether rows end with a delimiter."""
    names = [first[0].lstrip("#").lstrip() if first[0].lstrip().startswith("#") else first[0], *first[1:]]
    usual = [r for r in rows if len(r) == width]
    last_empty = all(not r[-1].strip() for r in usual) if usual else False
    if width == len(names) + 1 and last_empty:
        notes.append("every row ends with a delimiter: the empty last column is left out")
        return tuple(names), True
    if width == len(names) + 1:
        notes.append("the rows have one cell more than the header: the first column holds row names")
        return ("", *names), False
    if len(names) > 1 and not names[-1].strip() and (width == len(names) - 1 or (width == len(names) and last_empty)):
        notes.append("the header ends with a delimiter: the empty last column is left out")
        return tuple(names[:-1]), width == len(names)
    return tuple(names), False
