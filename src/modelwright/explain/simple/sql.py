"""A model on a page as one SQL query: what is shown is what a database computes.

Values are those of the contract: numbers without their unit, moments as timestamps, and NULL for all that means
missing; truths and levels are read as the data write them. Besides standard SQL the query uses ``EXP`` alone, and for
moments ``EXTRACT`` and ``TIMESTAMP``, which SQLite has not. `notes` says above a query what it asks of a database and
of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.explain.simple.documents import Cell, Node, Part, SimpleModel

__all__ = ["notes", "to_sql"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_sql(model: SimpleModel, table: str = "rows", contract: Contract | None = None) -> str:
    """Return a query that gives every row of a table the answer of the model.

    The answer is the column ``prediction`` for values, and ``probability_<class>`` for each class. With the contract
    what the data write as *yes* and *no* is read as that, beside true and false, which it needs without; so are other
    spellings of levels.
    """
    data = _Written({} if contract is None else {spec.name: spec for spec in contract.columns})
    if model.form == "tree":
        n = len(next(node.value for node in model.nodes if node.value))
        answers = [_tree(model.nodes, 0, output, 1, data) for output in range(n)]
        return _query([f"  {a} AS {n}" for a, n in zip(answers, _names(model), strict=True)], _named(table))
    sums = [_sum(model, output, data) for output in range(len(model.base))]
    if model.link == "softmax":
        inner = ",\n".join(f"{s} AS s{i}" for i, s in enumerate(sums))
        whole = " + ".join(f"EXP(s{i})" for i in range(len(sums)))
        answers = [f"  EXP(s{i}) / ({whole}) AS {name}" for i, name in enumerate(_names(model))]
        return _query(answers, f"(SELECT *,\n{inner}\n  FROM {_named(table)}) AS sums")
    if model.link == "logistic":
        event = f"1.0 / (1.0 + EXP(-({sums[0].strip()})))"
        first, second = _names(model)
        return _query([f"  1.0 - {event} AS {first}", f"  {event} AS {second}"], _named(table))
    answer = f"EXP({sums[0].strip()})" if model.link == "log" else sums[0].strip()
    return _query([f"  {answer} AS {_names(model)[0]}"], _named(table))


def notes(query: str, contract: Contract) -> str:
    """Return comments to stand above a query: its dialect, and the columns that may be written otherwise in the data.

    Parameters
    ----------
    query : str
    contract : Contract
        Of the columns that the query reads.
    """
    asked = {"EXP": "EXP(", "EXTRACT": "EXTRACT(EPOCH", "TIMESTAMP": "TIMESTAMP '"}
    needs = [name for name, text in asked.items() if text in query]
    dialect = "Standard SQL" + (f" with {' and '.join(needs)}" if needs else "")
    lines = [f"{dialect}; SQLite has no moments." if set(needs) - {"EXP"} else f"{dialect}."]
    if written := [told for spec in contract.columns if (told := _as_number(spec))]:
        lines.append(f"The table must hold numbers, not texts, in: {', '.join(written)}")
    if moments := [_on_a_line(spec.name) for spec in contract.columns if spec.kind is Kind.DATETIME]:
        lines.append(f"and timestamps in: {', '.join(moments)}")
    read = [spec for spec in contract.columns if spec.kind is Kind.BOOLEAN and not spec.true_tokens]
    if truths := [_on_a_line(spec.name) for spec in read]:
        lines.append(f"and true or false in: {', '.join(truths)}")
    return "".join(f"-- {line}\n" for line in lines)


def _as_number(spec: ColumnSpec) -> str:
    """Return a column of numbers that the data write as text, and how; empty for any other."""
    if spec.kind is not Kind.NUMBER or not (spec.unit or spec.thousands or spec.decimal != "."):
        return ""
    example = f"1{spec.thousands}234{spec.decimal}5" + (f" {spec.unit}" if spec.unit else "")
    value = format(1234.5 * spec.scale, "g")
    return f"{_on_a_line(spec.name)} ({_on_a_line(example)} as {value})"


def _on_a_line(text: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return " ".join(text.split())


def _query(answers: list[str], source: str) -> str:
    return "SELECT *,\n" + ",\n".join(answers) + f"\nFROM {source};"


def _names(model: SimpleModel) -> list[str]:
    return [_named(f"probability_{c}") for c in model.classes] or [_named("prediction")]


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _number(value: float) -> str:
    """Return a literal; with an exponent it is a binary number everywhere, as decimal ones overflow when multiplied."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return text if "e" in text else f"{text}E0"


def _sum(model: SimpleModel, output: int, data: _Written) -> str:
    parts = [_slope(p, output, data) if p.slope else _case(p, output, data) for p in model.parts]
    inner = "\n    + ".join(parts) or "0"
    unit = "" if model.unit == 1.0 else f"{_number(model.unit)} * "
    return f"  {_number(model.base[output])} + {unit}(\n    {inner}\n  )"


@dataclass(frozen=True)
class _Written:
    """How the data write what the model reads, by column."""

    specs: Mapping[str, ColumnSpec]

    def value(self, column: str, kind: str) -> str:
        """Return a column as what it is compared with."""
        if kind != "boolean":
            return _named(column)
        spec = self.specs.get(column)
        return _truth(spec) if spec is not None and spec.true_tokens else f"CAST({_named(column)} AS INTEGER)"

    def among(self, column: str, levels: Sequence[str]) -> str:
        """Return whether a column has one of some levels, in any of the spellings that are read as them."""
        spec = self.specs.get(column)
        others = [] if spec is None else [written for written, level in spec.same_levels if level in levels]
        return f"{_named(column)} IN ({', '.join(map(_text, (*levels, *others)))})"


def _truth(spec: ColumnSpec) -> str:
    """Return a column of truths, however it is written, as 1 and 0: a text cast to a number is 0 in SQLite."""
    written = f"LOWER(CAST({_named(spec.name)} AS VARCHAR(255)))"
    yes, no = (
        ", ".join(map(_text, dict.fromkeys((*tokens, *usual))))
        for tokens, usual in (
            (spec.true_tokens, ("true", "t", "1", "1.0")),
            (spec.false_tokens, ("false", "f", "0", "0.0")),
        )
    )
    return f"CASE WHEN {written} IN ({yes}) THEN 1 WHEN {written} IN ({no}) THEN 0 END"


def _bound(value: float, kind: str) -> str:
    if kind != "datetime":
        return _number(value)
    return f"TIMESTAMP '{(_EPOCH + timedelta(seconds=value)).strftime('%Y-%m-%d %H:%M:%S.%f')}'"


def _slope(part: Part, output: int, data: _Written) -> str:
    name, low, high = _named(part.column), _number(part.low), _number(part.high)
    value = f"EXTRACT(EPOCH FROM {name})" if part.kind == "datetime" else data.value(part.column, part.kind)
    # LEAST and GREATEST would be shorter: SQLite calls them MIN and MAX, and others pass over NULL in them.
    missing = f"WHEN {name} IS NULL THEN {_number(min(max(part.middle, part.low), part.high))}"
    held = f"CASE {missing} WHEN {value} < {low} THEN {low} WHEN {value} > {high} THEN {high} ELSE {value} END"
    return f"{_number(part.slope[output])} * {held}"


def _case(part: Part, output: int, data: _Written) -> str:
    name = _named(part.column)
    missing = next(c for c in part.cells if c.missing)
    rest = _rest(part)
    whens = [f"WHEN {name} IS NULL THEN {_number(missing.adds[output])}"]
    for cell in part.cells:
        if cell is rest or (cell.missing and not cell.levels and cell.high is None and cell.low is None):
            continue
        whens.append(f"WHEN {_inside(cell, part, data)} THEN {_number(cell.adds[output])}")
    return f"CASE {' '.join(whens)} ELSE {_number(rest.adds[output])} END"


def _rest(part: Part) -> Cell:
    """Return the cell that is left when the others were asked for: that of new levels, or of the largest numbers."""
    return next((c for c in part.cells if c.rest), None) or next(c for c in reversed(part.cells) if c.low is not None)


def _inside(cell: Cell, part: Part, data: _Written) -> str:
    if cell.levels:
        return data.among(part.column, cell.levels)
    assert cell.high is not None
    return f"{data.value(part.column, part.kind)} < {_bound(cell.high, part.kind)}"


def _tree(nodes: tuple[Node, ...], place: int, output: int, depth: int, data: _Written) -> str:
    node, pad = nodes[place], "  " * (depth + 1)
    if node.value:
        return _number(node.value[output])
    yes, no = (_tree(nodes, p, output, depth + 1, data) for p in (node.yes, node.no))
    return f"CASE WHEN {_asked(node, data)}\n{pad}THEN {yes}\n{pad}ELSE {no} END"


def _asked(node: Node, data: _Written) -> str:
    name = _named(node.column)
    if node.levels:
        asked = data.among(node.column, node.levels)
    elif node.below is not None:
        asked = f"{data.value(node.column, node.kind)} < {_bound(node.below, node.kind)}"
    else:
        return f"{name} IS NULL"
    # a comparison with NULL is no yes; where a missing value is one, it is asked for
    return f"({name} IS NULL OR {asked})" if node.missing else asked
