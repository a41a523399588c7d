"""The architecture, as far as a machine can hold it: import directions, cheap imports, nothing pickled."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import modelwright

ROOT = Path(modelwright.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# From the ground up. A part may import parts of its own layer or a lower one, at module level.
LAYERS = (
    {"errors", "documents", "bounds", "brief", "loading"},
    {"data"},
    {"runtime"},
    {"evaluate.measurements"},
    {"ledger", "format", "locking"},
    {"objectives", "learners", "features", "engines"},
    {"audit", "frame", "train", "evaluate", "explain", "govern", "package"},
    {"project", "champions"},
    {"serve", "scoring"},
    {"monitor"},
    {"report"},
    {"running", "steps", "lifecycle", "auditing", "labelled", "pricing", "stressing"}
    | {"estimators", "doctor", "forgetting"},
    {"retrain"},
    {"api"},
    {"cli", "__main__"},
)

HEAVY = ("numpy", "pandas", "sklearn", "scipy", "pyarrow", "duckdb", "lightgbm", "xgboost", "catboost", "matplotlib")


def part_of(module: str) -> str:
    """Return the part a module of the package belongs to."""
    parts = module.split(".")[1:]
    if ".".join(parts[:2]) == "evaluate.measurements":
        return "evaluate.measurements"
    return parts[0] if parts else ""


def level(part: str) -> int:
    for number, layer in enumerate(LAYERS):
        if part in layer:
            return number
    raise AssertionError(f"part '{part}' has no layer in this test")


def imports_at_module_level(path: Path) -> list[str]:
    """Return the modules of the package that a file imports when it is imported."""
    found = []

    def visit(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("modelwright"):
                if node.module == "modelwright":
                    found.extend(f"modelwright.{alias.name}" for alias in node.names)
                else:
                    found.append(node.module)
            elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                continue
            elif isinstance(node, ast.If | ast.Try | ast.With):
                visit(node.body)

    visit(ast.parse(path.read_text()).body)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    module = ".".join(("modelwright", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    if module in {"modelwright", "modelwright.engines.worker"}:
        return
    own = level(part_of(module))
    for imported in imports_at_module_level(path):
        if imported == "modelwright.__version__":
            continue
        assert level(part_of(imported)) <= own, f"{module} imports {imported}, which lies above it"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_pickled(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").split(".")[0]]
        else:
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant) and node.value.value is False
            continue
        assert not {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"} & set(names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_shell_and_no_eval(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert not (isinstance(node.func, ast.Name) and name in {"eval", "exec"})
            assert not any(k.arg == "shell" and getattr(k.value, "value", False) for k in node.keywords)


def modules_after(statement: str) -> set[str]:
    """Return the top-level modules loaded by a statement in a fresh interpreter."""
    code = f"{statement}\nimport sys\nprint('\\n'.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_no_estimators_of_lightgbm() -> None:
    """Commands load LightGBM without scikit-learn, and its estimators then refuse to work: a run would end in them."""
    users = [p for p in FILES if "LGBMClassifier" in (text := p.read_text()) or "LGBMRegressor" in text]
    assert [p.name for p in users] == []


@pytest.mark.parametrize("statement", ["import modelwright", "import modelwright.cli.app"])
def test_importing_costs_nothing(statement: str) -> None:
    assert not set(HEAVY) & modules_after(statement)


def test_the_runtime_needs_numpy_only() -> None:
    loaded = modules_after("import modelwright.runtime, modelwright.runtime.plan, modelwright.data.canonical")
    assert not (set(HEAVY) - {"numpy"}) & loaded


def test_public_names_resolve() -> None:
    for name in modelwright.__all__:
        assert getattr(modelwright, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = modelwright.nothing


def test_what_another_module_imports_is_public() -> None:
    """``__all__`` of a module names all that others take from it; where it has none, it is nobody's promise."""
    parsed = {
        ".".join(("modelwright", *p.relative_to(ROOT).with_suffix("").parts)): ast.parse(p.read_text()) for p in FILES
    }
    trees = {name.removesuffix(".__init__"): tree for name, tree in parsed.items()}
    public = {
        name: ast.literal_eval(node.value)
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    }
    private = [
        f"{name} imports {alias.name} of {node.module}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in public
        for alias in node.names
        if alias.name not in (*public[node.module], "__version__") and f"{node.module}.{alias.name}" not in trees
    ]
    assert private == []


def test_error_codes_are_unique() -> None:
    """One code, one kind of error: a code may be used again only with the same words before the first value."""
    seen: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            code = next(
                (k.value.value for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant)), None
            )
            if isinstance(code, str) and code.startswith("MW-"):
                seen.setdefault(code, set()).add(
                    part_of(".".join(("modelwright", *path.relative_to(ROOT).with_suffix("").parts)))
                )
    assert seen
    general = {"MW-P001", "MW-U101", "MW-U003", "MW-U008"}
    shared = {code: parts for code, parts in seen.items() if len(parts) > 1 and code not in general}
    assert not shared
