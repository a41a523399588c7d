"""ONNX: the whole fitted pipeline, from a row's values to the prediction before calibration, as one graph.

``converting`` builds the graph from the scoring plan, one file per family in ``ops`` and ``scorers``; ``gate`` runs it
and compares; ``documents`` says what is needed beside it. Nothing of the training libraries' own converters is used:
several of them are silently wrong (float32 thresholds, sparse rows, calibrated trees), and none knows our encoders.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.errors import MissingExtra

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["MODEL", "write"]

MODEL = "model.onnx"
SEED = 0
"""Of the rows compared: the same version is judged on the same rows."""


def write(version: Version, folder: Path) -> tuple[str, ...]:
    """Write ``model.onnx``, ``model.json``, ``test.json`` and ``README.md`` into an empty folder.

    Raises
    ------
    MissingExtra
        onnx or onnxruntime is not installed.
    BundleError
        A part cannot be expressed (MW-B601), or the graph does not run (MW-B602) or differs (MW-B603).
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise MissingExtra(error.name or "onnx", "onnx", "exporting to ONNX") from error
    import numpy as np

    from modelwright.data.canonical import canonicalise
    from modelwright.package.exports.onnx.converting import convert
    from modelwright.package.exports.onnx.documents import notes_of, write_documents
    from modelwright.package.exports.onnx.gate import check_agreement
    from modelwright.package.exports.onnx.probing import probes
    from modelwright.package.golden import read_golden

    plan = version.plan
    converted = convert(plan)
    golden = read_golden(version.folder)
    columns, _ = canonicalise(golden.rows, plan.contract, required=plan.contract.names)
    rows = probes(plan, version.profile, columns, converted.cuts, np.random.default_rng(SEED))
    agreement = check_agreement(plan, converted, rows)
    (folder / MODEL).write_bytes(converted.model)
    write_documents(folder, version, converted, agreement, golden, columns)
    return notes_of(plan, converted, agreement)
