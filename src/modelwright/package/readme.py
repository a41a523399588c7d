"""The README of a version folder, for whoever finds it without knowing what it is."""

from __future__ import annotations

from modelwright.package.manifest import Manifest
from modelwright.runtime.plan import Plan

__all__ = ["render_readme"]

FILES = (
    ("manifest.json", "what this version is, where it comes from, and the digest of every other file"),
    ("manifest.sha256", "the digest of the manifest; `sha256sum -c manifest.sha256` checks it"),
    ("contract.json", "the columns a row needs, and how their values are read"),
    ("plan.json, plan.npz, model/", "the fitted model: settings, arrays, native model files"),
    ("profile.json", "what the training rows were like; monitoring compares with it"),
    ("reference.json", "what monitoring compares with: shares of bins, their variation, the loss to expect"),
    ("intervals.json", "what intervals around single predictions need; where they were fitted"),
    ("golden.json", "example requests with the answers this version gives; the rows are made up"),
    ("requirements-runtime.txt", "what scoring needs"),
    ("sbom.cdx.json", "the same as a bill of materials, with licences"),
    ("MLmodel, python_env.yaml, requirements.txt", "for MLflow, which can load and serve this folder as it is"),
)


def render_readme(manifest: Manifest, plan: Plan) -> str:
    """Return Markdown: what the version predicts, how well, how to use it, what the files are."""
    columns = "\n".join(f"| `{_cell(s.name)}` | {s.kind} | {_unit(s.unit)} |" for s in plan.contract.columns)
    files = "\n".join(f"| {name} | {what} |" for name, what in FILES)
    return f"""# Version {manifest.version}: predicts `{_cell(manifest.target)}`

{_score(manifest)} Made on {manifest.created} by Modelwright {manifest.made_by} from {_rows(manifest)}.

```python
from modelwright.package.bundle import open_version

version = open_version("{manifest.version}")  # checks every digest, runs no code from this folder
answers, violations = version.predict("rows.csv")  # or a frame, an Arrow table, a mapping of columns
```

As a server, beside a project or alone: `modelwright serve FOLDER`. `requirements-runtime.txt` says what a machine needs
that does nothing else.

Nothing here may be changed: a version with a changed, missing or additional file is refused.

| file | what it is |
|---|---|
{files}

## Columns it reads

| column | kind | unit |
|---|---|---|
{columns}
"""


def _score(manifest: Manifest) -> str:
    score = manifest.score
    if score is None or score.value is None:
        return f"Objective: {manifest.objective}, metric: {manifest.metric}; no score was measured."
    interval = "" if score.low is None or score.high is None else f" ({score.low:.4g} to {score.high:.4g})"
    return f"Objective: {manifest.objective}. {score.name} {score.value:.4g}{interval} on {score.n:,} rows."


def _rows(manifest: Manifest) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in manifest.rows.items())
    return f"a table with these rows: {counts}" if counts else "a table"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'").replace("\n", " ")


def _unit(unit: str | None) -> str:
    return _cell(unit or "")
