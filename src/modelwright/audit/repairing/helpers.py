"""Functions that a script of repairs is given, as source code; each is written only where it is used."""

from __future__ import annotations

__all__ = ["HELPERS"]

ROWS = '''
def rows(lines, skip, width, **dialect):
    """Rows as wide as the header: short ones filled up; comments, and rows with too many cells, are left out."""
    csv.field_size_limit(1 << 27)
    for row in csv.reader(itertools.islice(lines, skip, None), skipinitialspace=True, **dialect):
        if not row or (row[0].lstrip().startswith("#") and len(row) != width):
            continue
        while len(row) > width and not row[-1].strip():
            row.pop()
        if len(row) <= width:
            yield row + [""] * (width - len(row))
'''

TEXT = '''
def text(column, missing=(), kept=(), same=None):
    """Texts without blanks around and in one Unicode form; what means missing is missing."""
    found = column.astype("string").str.strip().str.normalize("NFC")
    found = found.str.replace(r"^\\+?(-?(?:0|[1-9][0-9]*))\\.0+$", r"\\1", regex=True).replace({"-0": "0"})
    gone = found.isin(list(missing)) | (found.str.lower().isin(MISSING) & ~found.isin(list(kept)))
    return found.mask(gone).replace(same or {})
'''

NUMBER = '''
def number(column, missing=(), kept=(), sentinels=(), scale=1.0):
    """Numbers; what is none, or stands for a missing value, is missing."""
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(text(column, missing, kept), errors="coerce")
    found = column.astype("Float64") * scale
    return found.mask(found.isin([*sentinels, float("inf"), float("-inf")]))
'''

WRITTEN = '''
def written_number(column, missing=(), kept=(), sentinels=(), decimal=".", thousands="", unit="", scale=1.0, big=None):
    """Numbers with a decimal mark, separators, a unit or a magnitude of their own: "1.234,50 €", "(12)", "1.2M"."""
    texts = text(column, missing, kept).str.replace("[\u00a0\u2009\u202f]", " ", regex=True)
    texts = texts.str.replace("\u2212", "-").str.replace("\u2019", "'")
    plain = pd.to_numeric(texts, errors="coerce").astype("Float64")
    below = texts.str.fullmatch(r"\\(.*\\)|-.*|[0-9].*-|[^0-9]{1,3}-.*").fillna(False)
    texts = texts.str.strip("()").str.strip("+- ")
    if unit:
        texts = texts.str.replace(unit, "", case=False, regex=False).str.strip("- ")
    factor = 1.0
    if big:
        parts = texts.str.extract("(?i)^(.*?) *(" + "|".join(big) + ")?$")
        texts, factor = parts[0], parts[1].str.lower().map(big).astype("Float64").fillna(1.0)
    if thousands:
        texts = texts.str.replace(thousands, "", regex=False)
    texts = texts.str.replace(decimal, ".", regex=False)
    read = pd.to_numeric(texts, errors="coerce").astype("Float64") * factor
    read = read.mask(below, -read)
    return number(read if thousands == "." else plain.fillna(read), sentinels=sentinels, scale=scale)
'''

WHOLE = '''
def whole(column):
    """Whole numbers as such."""
    return column.round().astype("Int64")
'''

MOMENT = '''
def moment(column, formats=(), missing=(), kept=()):
    """Dates and times in UTC; the first format that fits is taken, then ISO 8601."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True).dt.tz_localize(None).astype("datetime64[us]")
    texts = text(column, missing, kept)
    found = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us, UTC]")
    for style in (*formats, "ISO8601"):
        if style.startswith("epoch:"):
            read = pd.to_datetime(pd.to_numeric(texts, errors="coerce"), unit=style[6:], utc=True, errors="coerce")
        elif style == "excel":
            days = pd.to_numeric(texts, errors="coerce")
            read = pd.to_datetime(days, unit="D", origin="1899-12-30", utc=True, errors="coerce")
        else:
            read = pd.to_datetime(texts, format=style, utc=True, errors="coerce")
        found = found.fillna(read.astype("datetime64[us, UTC]"))
    return found.dt.tz_localize(None)
'''

BOOLEAN = '''
def boolean(column, true=(), false=(), missing=(), kept=()):
    """True or false; what is neither is missing."""
    texts = text(column, missing, kept).str.lower()
    answers = {**dict.fromkeys(["false", "0", *false], False), **dict.fromkeys(["true", "1", *true], True)}
    return texts.map(answers).astype("boolean")
'''

SECONDS = '''
def seconds(column, missing=(), kept=()):
    """Durations in seconds."""
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().astype("Float64")
    texts = text(column, missing, kept)
    plain = pd.to_numeric(texts, errors="coerce").astype("Float64")
    clock = texts.where(~texts.str.fullmatch("[0-9]{1,3}:[0-9]{2}").fillna(False), texts + ":00")
    return plain.fillna(pd.to_timedelta(clock, errors="coerce").dt.total_seconds().astype("Float64"))
'''

HELPERS = {
    "rows": ROWS,
    "text": TEXT,
    "number": NUMBER,
    "written_number": WRITTEN,
    "whole": WHOLE,
    "moment": MOMENT,
    "boolean": BOOLEAN,
    "seconds": SECONDS,
}
"""In the order in which they are written; ``text`` is used by most of the others."""
