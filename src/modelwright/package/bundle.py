"""Versions in use: open one, predict, check it.

A version folder of format 1::

    manifest.json  manifest.sha256    what it is; digests of all other files; the digest of the manifest
    contract.json  plan.json  plan.npz  model/…    the fitted pipeline
    profile.json  golden.json    what the training rows were like; requests with answers
    intervals.json  abstain.json    what makes intervals or sets of classes, and what leaves rows to a person; optional
    unusual.json    what tells rows that are unlike training; optional
    recalibrated.json    whose models these are, where only the calibrator was fitted again; optional
    requirements-runtime.txt  sbom.cdx.json  README.md    for people and their tools
    MLmodel  python_env.yaml  requirements.txt    for MLflow; optional

Opening checks every digest before anything but the manifest is parsed, and runs no code from the folder. This module
needs numpy and msgspec; only tables that are no mapping need more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Violation
from modelwright.data.profile import Profile
from modelwright.data.rows import RowReader, is_records, read_records
from modelwright.data.taking import as_table
from modelwright.data.typed_rows import TypedReader, TypedRow
from modelwright.errors import BundleError, UsageError
from modelwright.package.abstaining import ABSTAINING, read_abstaining
from modelwright.package.golden import largest_difference, read_golden
from modelwright.package.manifest import Manifest, current_platform
from modelwright.package.single_cases import SingleCases, objects_of
from modelwright.package.uncertainty import INTERVALS, read_uncertainty
from modelwright.package.verifying import verify_folder
from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.plan import Plan
from modelwright.runtime.row import RowPlan
from modelwright.runtime.storage import RESTORE, malformed, read_json

if TYPE_CHECKING:  # and imported where they are needed: a server starts without them
    from modelwright.package.reference.documents import Reference
    from modelwright.package.signature import SignatureFacts, Signed
    from modelwright.runtime.reasons import Reasons
    from modelwright.runtime.shapley.explainer import Explainer

__all__ = ["SAME_MACHINE", "SelfTest", "Version", "check_named", "open_version", "open_written", "row_plan_of"]

SAME_MACHINE, OTHER_MACHINE = 1e-9, 1e-6  # other processors and releases round sums differently
PROFILE = "profile.json"


@dataclass(frozen=True, kw_only=True)
class SelfTest:
    """What re-scoring the golden requests came to: rows, largest difference (relative above 1), what was allowed."""

    n_rows: int
    max_difference: float
    tolerance: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Version(SingleCases):
    """An opened version. Immutable; any number of threads may use it at once.

    Attributes
    ----------
    folder, manifest, plan
        See `SingleCases`, which has `interval`, `abstain` and `odd`.
    digest : str
        Digest of the manifest; it stands for the whole version.
    signature : SignatureFacts or None
        Who signed it; None where it was opened without a key.
    compiled : RowPlan or None
        The plan for rows alone, see `row_plan_of`, where that was made already; None: it is made when a row comes.
    uncertainty, abstaining
        See `SingleCases`.
    """

    digest: str
    signature: SignatureFacts | None = None
    compiled: RowPlan | None = None

    @cached_property
    def profile(self) -> Profile:
        """What the training rows were like, for the columns used and the target."""
        try:
            return msgspec.convert(read_json(self.folder / PROFILE), Profile)
        except msgspec.ValidationError as error:
            raise malformed(PROFILE, str(error)) from error

    @cached_property
    def reference(self) -> Reference:
        """What monitoring compares with; of a version without one, what its profile tells."""
        from modelwright.package.reference.documents import REFERENCE, read_reference, reference_of_profile

        if self.manifest.has(REFERENCE):
            return read_reference(self.folder, self.contract)
        return reference_of_profile(self.profile, self.contract)

    @property
    def size_bytes(self) -> int:
        """Bytes of its files, the manifest and its seal left out."""
        return self.manifest.size

    def predict(
        self,
        rows: Any,
        *,
        threads: int = 1,
        interval: float | None = None,
        reasons: int = 0,
        abstain: float | None = None,
        unusual: bool = False,
    ) -> tuple[dict[str, np.ndarray], tuple[Violation, ...]]:
        """Return answers for raw rows, and how the rows differ from the contract.

        Parameters
        ----------
        rows : mapping of columns, sequence of mappings, pyarrow.Table, pandas or polars frame, or path of a file
            Additional columns are ignored and told.
        threads : int
            For the boosters.
        interval : float or None
            Coverage of intervals that are wanted too, see `interval`.
        reasons : int
            How many reasons per row are wanted too, see `explain`; each row then takes milliseconds.
        abstain : float or None
            Risk at which rows are left to a person, see `abstain`; None: that of the brief, if it asked for one.
        unusual : bool
            Whether it is wanted too which rows are unlike training, see `odd`.

        Returns
        -------
        answers : dict of ndarray, each of shape (n_rows,)
            ``prediction`` and, for classes, ``probability_<class>``. With ``interval`` what `interval` returns, with
            ``reasons`` a column ``reasons`` of lists of ``{"column": name, "effect": number}``; with a risk a column
            ``abstain`` of bool; with ``unusual`` columns ``unusual`` of bool and ``unusual_columns`` of lists of names.
        violations : tuple of Violation

        Raises
        ------
        UsageError
            The interval is not to be had, see `interval`.
        ContractError
            A column that the model reads is missing, or more than half of it cannot be read.
        DataError
            The file cannot be read.
        """
        if is_records(rows):
            columns, violations = read_records(rows, self.contract)
        else:
            columns, violations = canonicalise(as_table(rows), self.contract, required=self.contract.names)
        told = tuple(v for v in violations if (v.what, v.column) != ("unknown column", self.manifest.target))
        prediction = self.plan.predict(columns, threads=threads)
        answers = self.answers(prediction, abstain)
        if interval is not None:
            answers.update(self.interval(prediction, interval, columns))
        if reasons > 0:
            answers["reasons"] = objects_of(self.explain(columns, threads=threads).strongest(reasons))
        if unusual:
            answers.update(self.odd(columns))
        return answers, told

    def explain(self, columns: Columns, *, threads: int = 1) -> Reasons:
        """Return what each column does to the prediction of canonical rows, against the typical row of training.

        See `modelwright.runtime.reasons`: what an effect is, and what it is not.
        """
        from modelwright.runtime.reasons import explain_rows

        return explain_rows(self.explainer, columns, threads=threads)

    @cached_property
    def explainer(self) -> Explainer:
        """What explains rows against the typical row; made at the first use."""
        from modelwright.runtime.shapley.explainer import Explainer

        return Explainer(self.plan, self.typical)

    @cached_property
    def typical(self) -> Columns:
        """The canonical row that effects are measured against: the median or the most frequent value of each column."""
        from modelwright.runtime.reasons import typical_row

        return typical_row(self.contract, self.profile)

    def predict_row(self, record: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Violation, ...]]:
        """Return the answer to one raw row, and how the row differs from the contract: `predict` in microseconds.

        Parameters
        ----------
        record : mapping of str
            Raw values by column.

        Raises
        ------
        ContractError
            A column that the model reads is missing.
        """
        read, _, score = self._row
        values, told = read(record)
        if told:
            told = tuple(v for v in told if (v.what, v.column) != ("unknown column", self.manifest.target))
        return self._answer(score(values)), told

    def read_row(self, record: Mapping[str, Any]) -> tuple[Columns, tuple[Violation, ...]]:
        """Return one raw row in canonical form, and how it differs from the contract; raises as `predict_row` does."""
        values, told = self._row[0](record)
        columns: Columns = {}
        for spec, value in zip(self.contract.columns, values, strict=True):
            columns[spec.name] = np.array([value]) if spec.kind.numeric else Strings.from_values([value])
        return columns, tuple(v for v in told if (v.what, v.column) != ("unknown column", self.manifest.target))

    def predict_body(self, body: bytes) -> tuple[dict[str, Any], TypedRow] | None:
        """Return the answer to one raw row in JSON, and the row: `predict_row` where there is nothing to say of it.

        None where the body is anything else: it says the same to `predict_row` when it is decoded.
        """
        _, read, score = self._row
        if read is None or (found := read(body)) is None:
            return None
        row, values = found
        return self._answer(score.ordered(values)), row

    @cached_property
    def _row(self) -> tuple[RowReader, TypedReader | None, RowPlan]:
        reader = RowReader(self.contract)
        typed = TypedReader.of(reader)
        return reader, typed, self.compiled or _row_plan(self.plan, typed)

    @cached_property
    def _answer(self) -> Callable[[list[float]], dict[str, Any]]:
        """The answer to one prediction: `answers` for many."""
        plain = self._row[2].answer
        if self.abstaining is None or self.risk is None:
            return plain
        leaves = self.abstaining.fitted.row(self.risk, threshold=self.plan.threshold, intervals=self._widths)
        return lambda prediction: {**plain(prediction), ABSTAIN: leaves(prediction)}

    def verify(self) -> None:
        """Check every digest again, and that the version is the one that was opened; raises BundleError."""
        verify_folder(self.folder, digest=self.digest)

    def self_test(self, *, tolerance: float | None = None) -> SelfTest:
        """Score the golden requests again, together and each alone.

        Parameters
        ----------
        tolerance : float or None
            None: 1e-9 on the platform and with the libraries that made the version, else 1e-6.

        Raises
        ------
        BundleError
            The answers are not those recorded (MW-B118).
        """
        golden = read_golden(self.folder)
        allowed = self._tolerance() if tolerance is None else tolerance
        together = {name: values for name, values in self.predict(golden.rows)[0].items() if name != ABSTAIN}
        worst = largest_difference(together, golden)
        alone = [self.predict_row(dict(zip(golden.rows, row))) for row in zip(*golden.rows.values(), strict=True)]
        single = {name: np.array([answer[name] for answer, _ in alone]) for name in together}
        worst = max(worst, largest_difference(single, golden))
        if not worst <= allowed:
            raise BundleError(
                f"version {self.manifest.version} answers its golden requests otherwise than when it was packaged: "
                f"answers differ by up to {worst:.1e}, {allowed:.0e} is allowed",
                fix=f"install the libraries in requirements-runtime.txt, or {RESTORE}",
                code="MW-B118",
            )
        return SelfTest(n_rows=len(golden.about), max_difference=worst, tolerance=allowed)

    def _tolerance(self) -> float:
        from modelwright.package.libraries import runtime_libraries  # reads metadata: serving need not wait for that

        same = (self.manifest.platform, self.manifest.libraries) == (current_platform(), runtime_libraries(self.plan))
        return SAME_MACHINE if same else OTHER_MACHINE


def row_plan_of(plan: Plan) -> RowPlan:
    """Return a plan for rows alone, in the order in which a version reads them."""
    return _row_plan(plan, TypedReader.of(RowReader(plan.contract)))


def _row_plan(plan: Plan, typed: TypedReader | None) -> RowPlan:
    return RowPlan(plan, None if typed is None else typed.names)


def open_written(folder: Path, plan: Plan, compiled: RowPlan) -> Version:
    """Return the version that was written just now, with its plan as it was loaded back from the very files.

    A large ensemble takes seconds to load; what is checked here is that nothing changed on the way to its place.

    Raises
    ------
    BundleError
        As of `open_version`.
    """
    manifest, own = verify_folder(folder)
    return _version(folder, manifest, own, plan, compiled=compiled)


def open_version(
    folder: str | Path,
    *,
    digest: str | None = None,
    public_key: str | Path | None = None,
    require_signature: bool = False,
) -> Version:
    """Return the version in a folder, after checking every file against the manifest.

    Parameters
    ----------
    folder : str or Path
    digest : str or None
        Digest of the version as recorded elsewhere, `Version.digest`; another version is refused.
    public_key : str, Path or None
        Key that must have signed the version; checked before anything in it is parsed.
    require_signature : bool
        Refuse to go on without ``public_key``: for places where somebody may forget to name it.

    Raises
    ------
    UsageError
        A signature is required and no key was named (MW-U062), or the key cannot be used.
    BundleError
        It is no version, or was changed, or holds what this release does not know; see `verify_folder` and
        `modelwright.runtime.plan_files.load_plan`. With a key: it is not signed, or not by that key, see
        `modelwright.package.signature.verify_signature`.
    """
    place = Path(folder)
    signed = _signed(place, public_key, require_signature)
    manifest, own = verify_folder(place, digest=digest, signed=None if signed is None else signed.digests)
    plan = Plan.load(place)
    if plan.objective != manifest.objective:
        raise malformed("manifest.json", "its objective is not that of the plan", code="MW-B102")
    return _version(place, manifest, own, plan, signature=None if signed is None else signed.facts)


def _version(folder: Path, manifest: Manifest, digest: str, plan: Plan, **more: Any) -> Version:
    uncertainty = read_uncertainty(folder, plan) if manifest.has(INTERVALS) else None
    return Version(
        folder=folder,
        manifest=manifest,
        digest=digest,
        plan=plan,
        uncertainty=uncertainty,
        abstaining=read_abstaining(folder, plan, uncertainty) if manifest.has(ABSTAINING) else None,
        **more,
    )


def _signed(folder: Path, public_key: str | Path | None, required: bool) -> Signed | None:
    if public_key is not None:
        from modelwright.package.signature import read_signature

        return read_signature(folder, Path(public_key))
    if required:
        check_named(public_key)
    return None


def check_named(public_key: str | Path | None) -> None:
    """Raise UsageError (MW-U062) where a signature is required and no key was named to check it with."""
    if public_key is None:
        raise UsageError(
            "a signature is required, and no key was named to check it with",
            fix="name the public key: --public-key FILE, or public_key=",
            code="MW-U062",
        )
