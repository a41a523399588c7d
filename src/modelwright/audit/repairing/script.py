"""The repairs as a script that needs pandas alone: one statement for each column, with the finding that asks for it."""

from __future__ import annotations

import re
import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.audit.repairing.helpers import HELPERS
from modelwright.audit.repairing.plan import RepairPlan
from modelwright.audit.repairing.table import whole
from modelwright.data.columns import Columns
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.parsing.numbers import MAGNITUDE, MAGNITUDES
from modelwright.data.parsing.texts import UNIVERSAL_MISSING
from modelwright.data.readers.encoding import MIXED
from modelwright.data.readers.zipped import only_member
from modelwright.data.source import LEFT_OUT, Source
from modelwright.errors import UsageError

__all__ = ["pandas_script"]

WRITERS = {".parquet": "to_parquet", ".csv": "to_csv"}
DELIMITERS = {"tab": "\t", "blanks": r"\s+", "none": "\x1e", "unit separator": "\x1f", "ctrl-A": "\x01"}
OPENERS = {"": "open", "gz": "gzip.open", "bz2": "bz2.open", "xz": "lzma.open"}
CP1252 = 'codecs.register_error("cp1252", lambda e: (e.object[e.start : e.end].decode("cp1252", "replace"), e.end))\n'
"""What is not UTF-8 is read as Windows-1252: as `modelwright.data.readers.encoding.MIXED` does."""

WIDTH = 110


def pandas_script(plan: RepairPlan, columns: Columns, to: str) -> str:
    """Return the source code of a script that reads the file, repairs it and writes it to ``to``.

    Parameters
    ----------
    plan : RepairPlan
    columns : Columns
        The repaired columns; what they hold decides which numbers are whole.
    to : str
        File that the script writes, ``.parquet`` or ``.csv``.

    Raises
    ------
    UsageError
        The source is none that pandas reads by itself (MW-U014), or ``to`` has another extension (MW-U013).
    """
    writer = WRITERS.get(Path(to).suffix.lower())
    if writer is None:
        raise UsageError(
            f"a script cannot write '{to}'", fix=f"name a file that ends in {' or '.join(WRITERS)}", code="MW-U013"
        )
    reading = _read(plan)
    statements = [_statement(spec, plan, columns) for spec in plan.specs]
    body = "\n".join(s for s in statements if s)
    used = {name for name in HELPERS if re.search(rf"\b{name}\(", body)}
    used |= {"number"} if "written_number" in used else set()
    used |= {"text"} if used - {"whole"} else set()
    used |= {"rows"} if "rows(lines" in reading else set()
    mixed = [CP1252] if plan.source.options.get("encoding") == MIXED else []
    parts = [
        _head(plan, reading, bool(mixed)),
        *mixed,
        *_constants(used),
        *(HELPERS[n].strip("\n") + "\n" for n in HELPERS if n in used),
    ]
    steps = [reading, _end(plan), _drops(plan), body, _rows(plan), f"table.{writer}({to!r}, index=False)"]
    return "\n\n".join(parts) + "\n\n" + "\n".join(step for step in steps if step) + "\n"


def _head(plan: RepairPlan, reading: str, mixed: bool) -> str:
    notes = "".join(f"\n{_comment(note)}" for note in plan.source.notes)
    return (
        f'"""Repairs {_plain(plan.source.location)} as an audit of its {len(plan.names)} columns found it needs.\n\n'
        'Every statement stands alone: delete those that you do not want.\n"""\n\n'
        f"{_imports(reading, mixed)}import pandas as pd{notes}"
    )


def _imports(reading: str, mixed: bool) -> str:
    """Return imports of what statements need beside pandas that cut a text into rows, or decode a mixture."""
    modules = {"codecs"} if mixed else set()
    modules |= {"zipfile"} if reading.startswith("with zipfile") else set()
    if "rows(lines" in reading:
        opener, dot, _ = reading.removeprefix("with ").partition("(")[0].partition(".")
        modules |= {"csv", "itertools", *([opener] if dot else [])}
    return "".join(f"import {module}\n" for module in sorted(modules)) + ("\n" if modules else "")


def _constants(used: set[str]) -> list[str]:
    if "text" not in used:
        return []
    words = textwrap.fill(repr(sorted(UNIVERSAL_MISSING)), WIDTH, break_on_hyphens=False, break_long_words=False)
    return [f"MISSING = {words}\n"]


def _read(plan: RepairPlan) -> str:
    source = plan.source
    if source.format == "csv":
        return _read_ragged(plan) if _is_odd(source) else _read_regular(plan)
    if source.format == "parquet":
        _refuse_nested(plan)
        named = f"table = table.set_axis({list(plan.names)!r}, axis=1)"
        return _call("table = pd.read_parquet", source.location, {}) + f"\n{named}"
    if source.format == "jsonl":
        layout = source.options.get("layout", "lines")
        if layout not in ("lines", "array"):
            raise _unreadable(source)
        arguments = {"lines": layout == "lines", "dtype": False, "convert_dates": False, **_encoding(source)}
        return _call("table = pd.read_json", source.location, arguments)
    raise _unreadable(source)


def _refuse_nested(plan: RepairPlan) -> None:
    """Raise UsageError where a column that stays holds lists or records: we read them as JSON, pandas as objects."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(plan.source.location)
    first = path if path.is_file() else next(p for p in sorted(path.iterdir()) if p.is_file())
    kinds = dict(zip(plan.names, pq.read_schema(first).types, strict=False))
    nested = [s.name for s in plan.specs if pa.types.is_nested(kinds.get(s.name, pa.null()))]
    if nested:
        raise UsageError(
            f"a script cannot read lists and records as texts, as an audit does: column '{nested[0]}'",
            fix="use --fix without --script, or take such columns apart first",
            code="MW-U014",
        )


def _unreadable(source: Source) -> UsageError:
    return UsageError(
        f"a script cannot read '{source.location}' ({source.format})",
        fix="save the table as CSV or Parquet first, or use --fix without --script",
        code="MW-U014",
    )


def _is_odd(source: Source) -> bool:
    """Return whether the lines of a text are such that pandas would read another table, or none."""
    return bool(source.options.keys() & {"rows", "escape", "last column"})


def _delimiter(source: Source) -> str:
    return DELIMITERS.get(source.options["delimiter"], source.options["delimiter"])


def _encoding(source: Source, errors: str = "encoding_errors") -> dict[str, str]:
    if source.options["encoding"] == MIXED:
        return {"encoding": "utf-8", errors: "cp1252"}
    return {"encoding": source.options["encoding"]}


def _read_regular(plan: RepairPlan) -> str:
    options = plan.source.options
    arguments: dict[str, Any] = {
        "sep": _delimiter(plan.source),
        **_encoding(plan.source),
        "header": 0 if options["header"] == "yes" else None,
        "names": list(plan.names),
        "dtype": "string",
        "keep_default_na": False,
    }
    if "lines before the rows" in options:
        arguments |= {"header": None, "skiprows": int(options["lines before the rows"])}
    if "quote" in options:
        arguments["quotechar"] = options["quote"]
    if options.get("compression") == "zip":
        return _read_member(plan.source.location, arguments)
    return _call("table = pd.read_csv", plan.source.location, arguments)


def _read_member(location: str, arguments: Mapping[str, Any]) -> str:
    """Return statements that read the one file of data in an archive, which pandas alone refuses beside others."""
    with zipfile.ZipFile(location) as archive:
        member = only_member(Path(location), archive).filename
    reading = _call("table = pd.read_csv", member, arguments).replace(repr(member), f"archive.open({member!r})", 1)
    return f"with zipfile.ZipFile({location!r}) as archive:\n" + textwrap.indent(reading, "    ")


def _read_ragged(plan: RepairPlan) -> str:
    """Return statements that cut a text into rows as it was cut when it was read."""
    source, options = plan.source, plan.source.options
    opener = OPENERS.get(options.get("compression", ""))
    if opener is None or options["delimiter"] == "blanks":
        raise _unreadable(source)
    empty = "last column" in options
    names = [*plan.names, *(["the empty last column"] if empty else [])]
    skip = int(options.get("lines before the rows", options["header"] == "yes"))
    dialect: dict[str, Any] = {"delimiter": _delimiter(source)}
    if "quote" in options:
        dialect["quotechar"] = options["quote"]
    if "escape" in options:
        dialect |= {"escapechar": options["escape"], "doublequote": False}
    given = ", ".join(["lines", str(skip), str(len(names)), *(f"{name}={value!r}" for name, value in dialect.items())])
    encoding = "".join(f", {name}={value!r}" for name, value in _encoding(source, "errors").items())
    return (
        f"with {opener}({source.location!r}, 'rt'{encoding}, newline='') as lines:\n"
        f"    table = pd.DataFrame(rows({given}), columns={names!r}, dtype='string')"
        + ("\ntable = table.iloc[:, :-1]" if empty else "")
    )


def _call(function: str, location: str, arguments: Mapping[str, Any]) -> str:
    given = [repr(location), *(f"{name}={value!r}" for name, value in arguments.items())]
    line = f"{function}({', '.join(given)})"
    if len(line) <= WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {g},\n" for g in given) + ")"


def _end(plan: RepairPlan) -> str:
    n = plan.source.options.get(LEFT_OUT)
    return "" if n is None else f"table = table.iloc[:-{n}]  # a total and what stands below it"


def _drops(plan: RepairPlan) -> str:
    if not plan.dropped:
        return ""
    lines = "".join(f"{_comment(why, 4)}\n    {name!r},\n" for name, why in plan.dropped.items())
    return f"\ntable = table.drop(columns=[\n{lines}])\n"


def _rows(plan: RepairPlan) -> str:
    if not plan.drop_rows or plan.target is None:
        return ""
    return f"table = table[table[{plan.target!r}].notna()]  # rows without a target teach nothing"


def _statement(spec: ColumnSpec, plan: RepairPlan, columns: Columns) -> str:
    """Return the statement that repairs a column, under what findings say of it; empty where nothing is to be done."""
    notes = plan.notes.get(spec.name, ())
    function, arguments = _reading(spec, plain=spec.name not in plan.written)
    typed = not spec.storage.endswith("string") and plan.source.format != "csv"
    if typed and not notes and not arguments and not spec.kind.numeric:
        return ""
    given = ", ".join([f"table[{spec.name!r}]", *(f"{n}={v!r}" for n, v in arguments.items())])
    call = f"{function}({given})"
    column = columns[spec.name]
    if function in ("number", "written_number", "seconds") and isinstance(column, np.ndarray) and whole(column):
        call = f"whole({call})"
    return "".join(f"{_comment(note)}\n" for note in notes) + f"table[{spec.name!r}] = {call}"


def _reading(spec: ColumnSpec, plain: bool) -> tuple[str, dict[str, Any]]:
    """Return the helper that reads a column, and what it is given."""
    given: dict[str, Any] = {"missing": list(spec.missing_tokens), "kept": list(spec.kept_tokens)}
    if spec.kind is Kind.DATETIME:
        return "moment", _said({"formats": list(spec.formats), **given})
    if spec.kind is Kind.DURATION:
        return "seconds", _said(given)
    if spec.kind is Kind.BOOLEAN:
        return "boolean", _said({"true": list(spec.true_tokens), "false": list(spec.false_tokens), **given})
    if spec.kind.numeric:
        given["sentinels"] = list(spec.missing_numbers)
        given |= {} if spec.scale == 1.0 else {"scale": spec.scale}
        marks = {"decimal": spec.decimal if spec.decimal != "." else "", "thousands": spec.thousands, "unit": spec.unit}
        written = _said({**marks, "big": MAGNITUDES if MAGNITUDE in spec.formats else None})
        return "number" if plain and not written else "written_number", _said({**given, **written})
    return "text", _said({**given, "same": dict(spec.same_levels)})


def _said(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value}


def _comment(text: str, indent: int = 0) -> str:
    mark = " " * indent + "# "
    return textwrap.fill(_plain(text), WIDTH, initial_indent=mark, subsequent_indent=mark)


def _plain(text: str) -> str:
    """Return a text that ends no comment and no string, whatever a column is called."""
    return " ".join(repr(text)[1:-1].replace('"', "'").split())
