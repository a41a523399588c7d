"""A version made ready to answer requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError, ContractError, RequestError, UsageError
from modelwright.package.bundle import SAME_MACHINE, Version, open_version
from modelwright.package.golden import read_golden
from modelwright.serve.disarming import models_may_import
from modelwright.serve.exchange import Asked, ModelFacts, Scored
from modelwright.serve.quick import quick_way

__all__ = ["Model", "load_model"]

MISSING_FIX = "send them, null where unknown; /openapi.json lists the columns"
"""Instead of a guess which name was meant: in a CSV without its header the names are values of somebody."""


MOST_EXPLAINED = 40_000_000
"""Values looked at for the reasons of one request, see `Explainer.cells_per_row`: about a second of work."""


class Model:
    """A version that answers. Any number of threads may use it.

    Attributes
    ----------
    version : Version
    facts : ModelFacts
    number : int
    quick : Quick
        The short way for one bare record, see `modelwright.serve.quick`.
    """

    def __init__(self, version: Version, name: str) -> None:
        self.version = version
        self.number = version.manifest.version
        golden = read_golden(version.folder)
        self.facts = ModelFacts(
            name=name,
            version=str(self.number),
            objective=version.plan.objective,
            classes=version.plan.classes,
            target=version.manifest.target,
            contract=version.contract,
            digest=version.digest,
            created=version.manifest.created,
            example={name: as_json(version.contract[name], values[0]) for name, values in golden.rows.items()},
            most_coverage=_most_coverage(version),
            can_abstain=version.abstaining is not None,
            abstains=version.risk is not None,
            tells_unusual=version.unusual is not None,
        )
        self.quick = quick_way(version, self.facts)

    @property
    def contract(self) -> Contract:
        """The columns a row needs."""
        return self.version.contract

    def score(self, asked: Asked) -> Scored:
        """Return the answers to what is asked.

        Raises
        ------
        RequestError
            The rows break the contract, or what is asked beside the predictions is not to be had (422).
        """
        try:
            if asked.explain and asked.records is not None:
                return self._explained(asked.records[0], asked.what_if)
            if asked.records is not None and len(asked.records) == 1 and asked.plain:
                return self._one(asked.records[0])
            return self._many(asked)
        except (ContractError, UsageError) as error:
            fix = MISSING_FIX if error.code == "MW-C001" else error.fix
            raise RequestError(error.what, fix=fix, code=error.code, status=422) from None

    def _one(self, record: Mapping[str, Any]) -> Scored:
        answer, told = self.version.predict_row(record)
        return Scored({name: (value,) for name, value in answer.items()}, 1, told)

    def _explained(self, record: Mapping[str, Any], what_if: Mapping[str, Any] | None) -> Scored:
        from modelwright.explain.rows.explaining import explain_record  # few ask: a server need not start with it

        scored = self._one(record)
        scored.explanation = explain_record(self.version, record, what_if=what_if, counterfactuals=0)
        return scored

    def _many(self, asked: Asked) -> Scored:
        rows = asked.records if asked.records is not None else asked.columns
        if asked.reasons:
            _check_work(_length(rows), self.version.explainer.cells_per_row)
        answers, told = self.version.predict(
            rows, interval=asked.interval, reasons=asked.reasons, abstain=asked.abstain, unusual=asked.unusual
        )
        plain = {name: values.tolist() for name, values in answers.items()}
        reasons = plain.pop("reasons", None)
        return Scored(plain, len(plain["prediction"]), told, reasons)


def as_json(spec: ColumnSpec, value: Any) -> Any:
    """Return a value as a client would send it: texts of a source of texts that are plain numbers are numbers."""
    plain = spec.kind is Kind.NUMBER and spec.decimal == "." and not spec.thousands and spec.scale == 1.0
    if not plain or spec.treatment is not None or not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)


def _most_coverage(version: Version) -> float:
    return 0.0 if version.uncertainty is None else float(version.uncertainty.fitted.coverages[-1])


def _length(rows: Any) -> int:
    if isinstance(rows, list):
        return len(rows)
    return int(rows.num_rows) if hasattr(rows, "num_rows") else len(next(iter(rows.values()), ()))


def _check_work(n_rows: int, cells_per_row: int) -> None:
    """Refuse reasons for so many rows that others would wait for them."""
    most = max(1, MOST_EXPLAINED // cells_per_row)
    if n_rows > most:
        raise RequestError(
            "reasons were asked for too many rows at once",
            fix=f"ask for at most {most:,} rows at a time, or for no reasons",
            code="MW-S312",
            status=413,
        )


def load_model(folder: Path, name: str, *, public_key: Path | None = None, digest: str | None = None) -> Model:
    """Return the version in a folder, checked, and proved to answer its golden requests as when it was packaged.

    Raises
    ------
    BundleError
        It was changed, is not signed as it must be, or answers otherwise here.
    """
    with models_may_import():
        version = open_version(folder, public_key=public_key, digest=digest)
        try:
            version.self_test(tolerance=SAME_MACHINE)  # which need not read what libraries there are
        except BundleError:
            version.self_test()
        return Model(version, name)
