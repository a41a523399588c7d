"""Perceptrons of versions that earlier releases wrote: loaded, refused when malformed, one row, exported."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from modelwright.errors import BundleError
from modelwright.runtime import storage
from modelwright.runtime.row import RowPlan, values_of
from modelwright.runtime.scorers import load
from modelwright.runtime.scorers.mlp import MlpScorer
from modelwright.runtime.scorers.scaling import robust_scaling
from tests.package.fitting import fitted

SIZES = (8, 4)


def perceptron(matrix: np.ndarray, n_classes: int) -> MlpScorer:
    rng = np.random.default_rng(0)
    sizes = (matrix.shape[1], *SIZES, n_classes if n_classes > 2 else 1)
    weights = [rng.normal(size=pair).astype(np.float32) for pair in pairwise(sizes)]
    biases = [rng.normal(size=size).astype(np.float32) for size in sizes[1:]]
    return MlpScorer(robust_scaling(matrix), weights, biases, n_classes, 3.0, 2.0)


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_saved_loaded_alone_and_as_a_graph(n_classes: int, tmp_path: Path) -> None:
    plan, rows, _ = fitted(("linear",), n_classes)
    member = plan.members[0]
    matrix = plan.views[member.view](rows).matrix
    scorer = perceptron(matrix, n_classes)
    again = load(scorer.save(tmp_path, "m0"), tmp_path)
    assert isinstance(again, MlpScorer)
    np.testing.assert_array_equal(again.predict(matrix), scorer.predict(matrix))
    plan = replace(plan, members=(replace(member, scorer=again),))
    alone = [RowPlan(plan)(values_of(rows, plan.contract.names, i)) for i in range(9)]
    np.testing.assert_allclose(alone, plan.predict(rows)[:9], rtol=1e-12, atol=1e-12)
    pytest.importorskip("onnxruntime")
    from tests.package.exports.graphs import agreement

    found = agreement(plan, rows)
    assert found.max_difference <= found.tolerance


@pytest.mark.parametrize("name", ["w0", "b0", "centre", "target"])
def test_malformed(name: str, tmp_path: Path) -> None:
    settings = perceptron(np.random.default_rng(0).normal(size=(50, 3)), 3).save(tmp_path, "m0")
    arrays = storage.read_arrays(tmp_path / "m0.npz")
    for wrong in (arrays[name][:-1], np.full_like(arrays[name], np.nan)):
        storage.write_arrays(tmp_path / "m0.npz", arrays | {name: wrong})
        with pytest.raises(BundleError, match="MW-B151"):
            load(settings, tmp_path)
