"""The exam of rules: `check_rule` holds a rule to its promises. Rules of other packages can take it, too.

>>> from modelwright.audit.checks import check_rule
>>> check_rule(MyRule)  # raises AssertionError with the promise that was broken  # doctest: +SKIP
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import warnings
from collections.abc import Iterator

import numpy as np

from modelwright.audit.findings import AuditContext, Finding, Rule
from modelwright.brief import Brief
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import Profile

__all__ = ["check_rule", "specimens"]

_TEXTS = ("code", "title", "what", "why_it_matters", "how_detected", "what_is_done")
N_ROWS = 240


def check_rule(rule: type[Rule]) -> None:
    """Hold a rule to what `modelwright.audit.findings.Rule` promises.

    The rule is asked about every table of `specimens`: it must answer with findings or a sentence, without an error
    or a warning, print nothing, change nothing, keep no state and answer twice in the same way. Its findings must
    carry its code, name columns of the table, and hold numbers in their messages.

    Raises
    ------
    AssertionError
        A promise is broken; the message names the promise and the table.
    """
    for name in _TEXTS:
        text = getattr(rule, name, None)
        assert isinstance(text, str) and text.strip(), f"class attribute '{name}' is missing or empty"
    assert re.fullmatch(r"[A-Z]\d{3}", rule.code), f"code {rule.code!r} is not a letter and three digits"
    for name, context in specimens():
        _check_on(rule, name, context)


def _check_on(rule: type[Rule], name: str, context: AuditContext) -> None:
    before = _fingerprint(context)
    judge = rule()
    answer = _ask(judge, name, context)
    assert _fingerprint(context) == before, f"on {name}: the rule changed the context"
    assert not getattr(judge, "__dict__", {}), f"on {name}: the rule keeps state"
    again = _ask(rule(), name, dict(specimens())[name])
    assert answer == again, f"on {name}: the rule answered differently when asked again"
    if isinstance(answer, str):
        assert answer.strip(), f"on {name}: the reason for not applying is empty"
        return
    assert isinstance(answer, list), f"on {name}: the answer is a {type(answer).__name__}, not a list or a sentence"
    for finding in answer:
        _check_finding(rule, name, context, finding)


def _ask(judge: Rule, name: str, context: AuditContext) -> list[Finding] | str:
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        warnings.simplefilter("error")
        try:
            answer = judge.check(context)
        except Exception as error:
            raise AssertionError(f"on {name}: the rule raised {type(error).__name__}: {error}") from error
    assert not printed.getvalue(), f"on {name}: the rule printed something"
    return answer


def _check_finding(rule: type[Rule], name: str, context: AuditContext, finding: Finding) -> None:
    where = f"on {name}, finding {finding.columns}"
    assert isinstance(finding, Finding), f"{where}: not a Finding"
    assert (finding.code, finding.title) == (rule.code, rule.title), f"{where}: code or title is not the rule's"
    unknown = set(finding.columns) - set(context.contract.names)
    assert not unknown, f"{where}: columns {sorted(unknown)} are not in the table"
    assert any(c.isdigit() for c in finding.message), f"{where}: no number in the message"
    assert finding.done and finding.fix, f"{where}: 'done' or 'fix' is empty"
    assert not finding.overruled, f"{where}: overruling is the runner's business"
    assert len(finding.rows) <= 20, f"{where}: more than 20 example rows"
    assert all(0 <= r < context.n_rows for r in finding.rows), f"{where}: example rows are not rows of the source"
    for key, value in finding.evidence.items():
        plain = type(value) in (int, float, str)
        assert plain, f"{where}: evidence '{key}' is a {type(value).__name__}, not a plain number or text"
        assert not isinstance(value, float) or math.isfinite(value), f"{where}: evidence '{key}' is not finite"


def _fingerprint(context: AuditContext) -> tuple[object, ...]:
    def of(column: Column) -> tuple[bytes, ...]:
        if isinstance(column, Strings):
            return (column.codes.tobytes(), repr(list(column.levels)).encode())
        return (column.tobytes(),)

    tables = [context.columns, context.test or {}]
    return (
        context.brief,
        context.contract,
        tuple((n, of(c)) for t in tables for n, c in t.items()),
        tuple((n, repr(list(v))) for n, v in context.raw.items()),
        None if context.y is None else context.y.tobytes(),
        context.row_numbers.tobytes(),
    )


# ------------------------------------------------------------------------------------------------------ specimens


def specimens() -> Iterator[tuple[str, AuditContext]]:
    """Yield named contexts that a rule must be able to look at, made anew at every call."""
    columns, y = _table(N_ROWS)
    classes = ("no", "yes")
    yield "two classes", _context(columns, (y > 0).astype(np.float64), classes)
    yield "values", _context(columns, y, ())
    yield "three classes", _context(columns, np.digitize(y, [-0.5, 0.5]).astype(np.float64), ("a", "b", "c"))
    yield "no target", _context(columns, None, ())
    yield "a test table", _context(columns, (y > 0).astype(np.float64), classes, test=_table(80, seed=1)[0])
    yield "a target with missing values", _context(columns, np.where(y > 1, np.nan, y), ())
    yield "a target without any value", _context(columns, np.full(N_ROWS, np.nan), ())
    yield "a constant target", _context(columns, np.zeros(N_ROWS), classes)
    yield "columns without any value", _context(_emptied(columns), y, ())
    yield "constant columns", _context(_flattened(columns), (y > 0).astype(np.float64), classes)
    yield "leaks", _context({**columns, "copy": y, "answer": _words(y > 0)}, (y > 0).astype(np.float64), classes)
    one, y_one = _table(1)
    yield "one row", _context(one, y_one, ())
    yield "one row, two classes", _context(one, np.zeros(1), classes)
    none, y_none = _table(0)
    yield "no rows", _context(none, y_none, ())
    yield "no columns but the target", _context({}, y, ())


def _words(flags: np.ndarray) -> Strings:
    return Strings.from_values(["up" if f else "down" for f in flags])


def _table(n: int, seed: int = 0) -> tuple[Columns, np.ndarray]:
    rng = np.random.default_rng([seed, n])
    number = rng.normal(size=n)
    columns: Columns = {
        "rowid": np.arange(1.0, n + 1),
        "number": number,
        "holes": np.where(rng.random(n) < 0.3, np.nan, rng.exponential(size=n)),
        "flag": (rng.random(n) < 0.5).astype(np.float64),
        "when": 1.6e9 + 86_400.0 * np.arange(n),
        "unit": np.floor(np.arange(n) / 8.0),
        "colour": Strings.from_values([None if u < 0.1 else "rgb"[int(3 * u)] for u in rng.random(n)]),
        "key": Strings.from_values([f"K{i:05d}" for i in range(n)]),
        "note": Strings.from_values([f"the {i % 7} words of row {i}" for i in range(n)]),
        "infinite": np.where(rng.random(n) < 0.01, np.inf, number),
    }
    return columns, number + rng.normal(size=n)


def _emptied(columns: Columns) -> Columns:
    none = np.array([], dtype=object)
    return {
        n: Strings(np.full(len(c), -1, np.int32), none) if isinstance(c, Strings) else np.full(len(c), np.nan)
        for n, c in columns.items()
    }


def _flattened(columns: Columns) -> Columns:
    return {
        n: Strings(np.zeros(len(c), np.int32), c.levels[:1]) if isinstance(c, Strings) else np.ones(len(c))
        for n, c in columns.items()
    }


_KINDS = {
    "flag": Kind.BOOLEAN,
    "when": Kind.DATETIME,
    "colour": Kind.CATEGORY,
    "key": Kind.ID,
    "note": Kind.TEXT,
    "answer": Kind.CATEGORY,
}


def _context(
    columns: Columns, y: np.ndarray | None, classes: tuple[str, ...], test: Columns | None = None
) -> AuditContext:
    n = len(next(iter(columns.values()))) if columns else 0 if y is None else len(y)
    table = dict(columns)
    if y is not None:
        if classes:
            table["goal"] = Strings.from_values([None if np.isnan(v) else classes[int(v)] for v in y])
        else:
            table["goal"] = y.copy()
    kinds = {**_KINDS, "goal": Kind.CATEGORY if classes else Kind.NUMBER}
    contract = Contract(
        columns=tuple(ColumnSpec(name=name, kind=kinds.get(name, Kind.NUMBER)) for name in table), rows_seen=n
    )
    return AuditContext(
        brief=Brief(target=None if y is None else "goal"),
        contract=contract,
        profile=Profile(n_rows=n, columns=()),
        columns=table,
        raw={name: c.to_object() for name, c in table.items() if isinstance(c, Strings)},
        target=None if y is None else "goal",
        y=y,
        classes=classes,
        test=test,
        row_numbers=np.arange(n),
        n_rows=n,
        rng=np.random.default_rng(0),
    )
