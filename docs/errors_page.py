"""Writes `docs/errors.md`: every error code with what is said and the next move, read from the source.

An error is made in one of three ways, and all are found by looking at calls: an error class is called with ``code=``;
a helper that returns an error is called; or, on the command line, a function is called that shows one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import modelwright
from modelwright import errors

SOURCE = Path(modelwright.__file__).parent
PAGE = Path(__file__).parent / "errors.md"
NOTE = "<!-- Written by docs/errors_page.py from the source; change it there, then run `make docs`. -->"
VALUE = "…"  # stands for what is only known when the error happens
CODE = re.compile(r"MW-[A-Z]\d{3}")

BRANCHES = {
    "U": ("The brief, a flag or an argument", "UsageError"),
    "D": ("The data", "DataError"),
    "C": ("Rows to score", "ContractError"),
    "P": ("The project folder and files to write", "ProjectError"),
    "B": ("A version", "BundleError"),
    "T": ("Training", "TrainingError"),
    "S": ("Requests to the server", "RequestError"),
    "X": ("Optional libraries", "MissingExtra"),
    "L": ("The machine", ""),
    "Z": ("Everything else", ""),
}

Bindings = Mapping[str, ast.expr]


@dataclass(frozen=True, order=True)
class Row:
    """One kind of error: its code, what is said and the next move, with `VALUE` where a value goes."""

    code: str
    what: str
    fix: str


class _Module:
    """A source file: its constants, and its functions by name."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.constants: dict[str, ast.expr] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                self._assigned(node.targets[0], node.value)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                self.functions[node.name] = node

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts, strict=True):
                self._assigned(one, its)
        elif isinstance(target, ast.Name):
            self.constants[target.id] = value


def rows() -> list[Row]:
    """Return every error of the package, in order of code."""
    modules = [_Module(path) for path in sorted(SOURCE.rglob("*.py"))]
    shared = {name: f for m in modules for name, f in m.functions.items() if _returned_error(f) is not None}
    constants = {name: value for m in modules for name, value in m.constants.items()}
    found = set()
    for module in modules:
        known = {**constants, **module.constants}
        helpers = {**shared, **module.functions}
        found.update(_errors_in(module.tree, known, helpers))
    return sorted(found)


def _errors_in(node: ast.AST, known: Bindings, helpers: Mapping[str, ast.FunctionDef]) -> Iterator[Row]:
    """Yield the errors that calls below a node make; inside a function, its own names count first."""
    if isinstance(node, ast.FunctionDef):
        known = {**known, **_locals(node), **_defaults(node)}
    if isinstance(node, ast.Call):
        row = _row(node, known, helpers)
        if row is not None:
            yield row
    for child in ast.iter_child_nodes(node):
        yield from _errors_in(child, known, helpers)


def _row(call: ast.Call, known: Bindings, helpers: Mapping[str, ast.FunctionDef]) -> Row | None:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    helper = helpers.get(name)
    if helper is not None:
        bound = {**_defaults(helper), **_bound(call, helper)}
        inner = _returned_error(helper)
        if inner is None:  # a function that shows an error: its own arguments are the parts
            return _parts(bound.get("what"), bound.get("fix"), bound.get("code"), known)
        return _row(inner, {**known, **bound}, {})
    keywords = {k.arg: k.value for k in call.keywords}
    if "code" not in keywords or not (name in errors.__all__ or name == "__init__"):
        return None
    return _parts(call.args[0] if call.args else None, keywords.get("fix"), keywords["code"], known)


def _parts(what: ast.expr | None, fix: ast.expr | None, code: ast.expr | None, known: Bindings) -> Row | None:
    number = _text(code, known)
    if what is None or fix is None or not CODE.fullmatch(number):
        return None
    return Row(number, _text(what, known), _text(fix, known))


def _returned_error(function: ast.FunctionDef) -> ast.Call | None:
    """Return the error that a helper makes: a function whose only statement but its docstring returns one."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) == 1 and isinstance(body[0], ast.Return) and isinstance(body[0].value, ast.Call):
        call = body[0].value
        return call if getattr(call.func, "id", "") in errors.__all__ else None
    return None


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    found = {a.arg: d for a, d in zip(reversed(positional), reversed(arguments.defaults), strict=False)}
    return found | {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None}


def _locals(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return the names that a function assigns once and never changes."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign | ast.For) and isinstance(node.target, ast.Name):
            assigned.setdefault(node.target.id, []).extend([node.target] * 2)
    return {name: values[0] for name, values in assigned.items() if len(values) == 1}


def _bound(call: ast.Call, function: ast.FunctionDef) -> dict[str, ast.expr]:
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] == ["self"] and isinstance(call.func, ast.Attribute):
        del names[0]
    return dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}


def _text(node: ast.expr | None, known: Bindings) -> str:
    """Return an expression as text; what is not known before the error happens is `VALUE`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(v, known) for v in values)
        case ast.FormattedValue(value=value):
            return _text(value, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, known) + _text(right, known)
        case ast.IfExp(body=one, orelse=other):
            return _either(_text(one, known), _text(other, known))
        case ast.Call(func=ast.Name(id="did_you_mean")):
            return f"did you mean '{VALUE}'?"
        case ast.Name(id=name) if name in known:
            return _text(known[name], {k: v for k, v in known.items() if k != name})
        case _:
            return VALUE


def _either(one: str, other: str) -> str:
    if one == other:
        return one
    if VALUE in (one, other):
        return VALUE
    return f"{one} or {other}" if one and other else f"({one or other})"


def render() -> str:
    """Return the page as Markdown."""
    found = rows()
    parts = [
        NOTE,
        "",
        "# Errors",
        "",
        "Every error says what is wrong, the next move, and a code. `…` stands for a value. With `--json` it is one",
        'object on standard output, `{"error": …, "fix": …, "code": …}`; in Python it is an exception, whose `what`,',
        "`fix` and `code` hold the same and whose class is a `modelwright.ModelwrightError`.",
        "",
        "Exit codes: 0 done · 1 failed · 2 the command, the brief or a path in it is wrong · 3 done, but a gate says",
        "*do not ship* · 130 interrupted.",
    ]
    for letter, (title, name) in BRANCHES.items():
        mine = [r for r in found if r.code[3] == letter]
        if not mine:
            continue
        parts += ["", f"## MW-{letter} · {title}", ""]
        if name:
            parts += [f"`{name}`, {_first_line(name)}", ""]
        parts += ["| code | what is said | next move |", "|---|---|---|"]
        for (code, fix), group in groupby(sorted(mine, key=_code_and_fix), key=_code_and_fix):
            parts.append(f"| {code} | {'<br>'.join(_cell(r.what) for r in group)} | {_cell(fix)} |")
    return "\n".join(parts) + "\n"


def _code_and_fix(row: Row) -> tuple[str, str]:
    return row.code, row.fix


def _first_line(name: str) -> str:
    kind: type[Exception] = getattr(errors, name)
    code = getattr(kind, "exit_code", 1)
    if issubclass(kind, errors.RequestError):
        return "in the body of an answer, with the id of the request: `error`, `fix`, `code`, `request_id`."
    special = [f"`{own.__name__}`, exit code {own.exit_code}: {_summary(own)}" for own in _special(kind)]
    return " ".join([f"exit code {code}. {_summary(kind)}", *special])


def _special(kind: type[Exception]) -> list[type[errors.ModelwrightError]]:
    """Return the kinds of an error that end the process with another code."""
    return [own for own in kind.__subclasses__() if "exit_code" in vars(own)]


def _summary(kind: type[Exception]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _cell(text: str) -> str:
    """Return a text for a cell of a table: neither markup nor the end of the cell."""
    plain = re.sub(f"{VALUE}+", VALUE, " ".join(text.split())).replace("\\", "\\\\")
    return re.sub(r"([|*_<`\[\]])", r"\\\1", plain)


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(f"{len(rows())} errors in {PAGE}")


if __name__ == "__main__":
    main()
