"""The stage that packages: from a scoring plan to a version in the project.

The order matters: models are compiled, the plan is saved, loaded back and compared with the training side before the
version exists; size and latency are measured on the version itself, as it will serve.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.profile import Profile
from modelwright.package.bundle import Version, open_written, row_plan_of
from modelwright.package.compiling import compile_plan
from modelwright.package.golden import read_golden
from modelwright.package.parity import Parity, check_columns, check_parity
from modelwright.package.reference.documents import Reference
from modelwright.package.uncertainty import Uncertainty
from modelwright.package.writing import Facts, write_version
from modelwright.runtime.plan import Plan
from modelwright.runtime.row import RowPlan

__all__ = ["Packaged", "measure_latency", "next_version", "package"]

LATENCY_CALLS = 200
LATENCY_SECONDS = 1.0  # a slow model needs fewer calls to show that it is slow
MIN_LATENCY_CALLS = 5
WARM_UP_CALLS = 3  # the first calls of a booster build its tables


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A version was written.

    Attributes
    ----------
    version : int
    path : str
        Its folder, relative to the project.
    digest : str
        Digest of its manifest: stands for every byte of it.
    size_bytes : int
    latency_ms : float
        Median time to score one raw row, contract included, in this process.
    parity : Parity
        Plan against libraries.
    files : tuple of str
    software : dict of str to str
        Versions of what made it, libraries that scoring does not need included; empty in earlier releases.
    """

    version: int
    path: str
    digest: str
    size_bytes: int
    latency_ms: float
    parity: Parity
    files: tuple[str, ...]
    software: dict[str, str] = field(default_factory=dict)


def package(
    project: Path,
    plan: Plan,
    *,
    documents: Mapping[str, Any],
    digests: Mapping[str, str],
    profile: Profile,
    checks: Columns,
    native: Mapping[str, np.ndarray],
    n_rows: int,
    seed: int,
    uncertainty: Uncertainty | None = None,
    reference: Reference | None = None,
    parts: Mapping[str, Any] | None = None,
) -> tuple[Packaged, Version]:
    """Write the next version of a project; return what is to be told of it, and the version, opened.

    Parameters
    ----------
    project : Path
        Folder of the project.
    plan : Plan
    documents : mapping
        ``"problem"`` (`Problem`), ``"evaluation"`` (`Evaluation`) and ``"source"`` (`Source`) are read.
    digests : mapping of str
        Digest by name of every document so far: the lineage.
    profile : Profile
        Of the training rows.
    checks : Columns
        Canonical rows on which plan and libraries are compared.
    native : mapping of str to ndarray
        What the libraries predict on ``checks``, by member, see `check_parity`.
    n_rows : int
        Rows used in training.
    seed : int
    uncertainty : Uncertainty or None
        What makes intervals or sets of classes, if anything.
    reference : Reference or None
        What monitoring compares with.
    parts : mapping or None
        More documents of the version, by the name of their file.

    Raises
    ------
    BundleError
        Plan and libraries disagree, or the plan does not load back; no version exists then.
    ProjectError
        The project's folder cannot be written.
    """
    number = next_version(project)
    folder = project / "versions" / str(number)
    compared = _Compared(plan, checks, native, seed)
    manifest = write_version(
        folder,
        compile_plan(plan, check_columns(checks, plan.contract, seed=seed)),
        facts=_facts(number, documents, digests, n_rows),
        profile=profile,
        seed=seed,
        check=compared,
        uncertainty=uncertainty,
        reference=reference,
        parts=parts,
    )
    version = open_written(folder, compared.loaded, compared.rows)
    packaged = Packaged(
        version=number,
        path=f"versions/{number}",
        digest=version.digest,
        size_bytes=version.size_bytes,
        latency_ms=measure_latency(version),
        parity=compared.parity,
        files=tuple(entry.name for entry in manifest.files),
    )
    return packaged, version


class _Compared:
    """Compares the plan that was loaded back with the libraries, once. Keeps it, as the version is opened with it.

    Attributes
    ----------
    loaded : Plan
    rows : RowPlan
        The same for one row.
    parity : Parity
    """

    loaded: Plan
    rows: RowPlan
    parity: Parity

    def __init__(self, plan: Plan, checks: Columns, native: Mapping[str, np.ndarray], seed: int) -> None:
        self._plan, self._checks, self._native, self._seed = plan, checks, native, seed

    def __call__(self, loaded: Plan) -> float:
        self.loaded, self.rows = loaded, row_plan_of(loaded)
        self.parity = check_parity(self._plan, loaded, self._checks, self._native, seed=self._seed, compiled=self.rows)
        return self.parity.max_difference


def _facts(number: int, documents: Mapping[str, Any], digests: Mapping[str, str], n_rows: int) -> Facts:
    problem = documents["problem"]
    return Facts(
        version=number,
        target=problem.target,
        metric=problem.metric,
        score=documents["evaluation"].headline,
        documents=digests,
        rows={"in the source": documents["source"].n_rows, "used": n_rows},
    )


def next_version(project: Path) -> int:
    """Return the number of the next version of a project: one more than the highest there."""
    folder = project / "versions"
    taken = [int(p.name) for p in folder.iterdir() if p.name.isdecimal()] if folder.is_dir() else []
    return max(taken, default=0) + 1


def measure_latency(version: Version, *, calls: int = LATENCY_CALLS) -> float:
    """Return the median of the milliseconds that scoring one raw row takes as it is served, contract included.

    The rows are golden requests, one at a time, in turn; measuring ends after a second.
    """
    golden = read_golden(version.folder)
    ordinary = [i for i, about in enumerate(golden.about) if about == "ordinary"] or [0]
    requests = [{name: values[i] for name, values in golden.rows.items()} for i in ordinary]
    for request in requests[:WARM_UP_CALLS]:
        version.predict_row(request)
    taken: list[float] = []
    end = time.perf_counter() + LATENCY_SECONDS
    while len(taken) < calls and (len(taken) < MIN_LATENCY_CALLS or time.perf_counter() < end):
        started = time.perf_counter()
        version.predict_row(requests[len(taken) % len(requests)])
        taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)
