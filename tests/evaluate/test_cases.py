"""What predictions come to in cases: the numbers are the counts, with intervals, and none is made up."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from modelwright.evaluate.cases import FEWEST_FLAGGED
from modelwright.evaluate.evaluating import evaluate
from modelwright.evaluate.measurements import Cases, Evaluation

from .test_evaluating import _evidence, _problem
from .worlds import binary, multiclass, values


def _cases(metric, classes, y, p, **more) -> Cases:
    found = evaluate(_problem(metric, classes), _evidence(y, p, **more), seed=0)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), Evaluation) == found
    return found.cases


def test_two_classes_are_counted_at_the_threshold():
    y, p = binary(np.random.default_rng(0), 1500, share=0.2, apart=2.0)
    found = _cases("roc_auc", ("no", "yes"), y, p, threshold=0.3)
    act = p[:, 1] >= 0.3
    assert found.found.value == pytest.approx(act[y == 1].mean()) and found.found.low < found.found.value
    assert found.hit.value == pytest.approx((y == 1)[act].mean()) and found.hit.high > found.hit.value
    assert found.flagged.value == pytest.approx(act.mean()) and found.events.value == pytest.approx(y.mean())
    assert not found.ranked and found.right is None and found.half is None


def test_where_the_threshold_flags_next_to_none_the_top_tenth_is_counted():
    y, p = binary(np.random.default_rng(1), 2000, share=0.03, apart=1.0)
    assert (p[:, 1] >= 0.5).sum() < FEWEST_FLAGGED
    found = _cases("roc_auc", ("no", "yes"), y, p)
    top = p[:, 1] >= np.quantile(p[:, 1], 0.9, method="higher")
    assert found.ranked and found.flagged.value == pytest.approx(0.1, abs=0.001)
    assert found.hit.value == pytest.approx(y[top].mean()) and found.hit.value > 1.5 * found.events.value
    assert found.found.value == pytest.approx(top[y == 1].mean())


def test_few_rows_are_not_ranked_and_rows_without_an_event_find_none():
    _, p = binary(np.random.default_rng(2), 60, share=0.2, apart=0.3)
    found = _cases("log_loss", ("no", "yes"), np.zeros(60), np.minimum(p, 0.49))
    assert not found.ranked and found.flagged.value == 0 and found.hit is None
    assert found.found.value is None and found.events.value == 0 and found.events.high > 0


def test_several_classes_name_the_worst_only_beyond_the_noise():
    y, p = multiclass(np.random.default_rng(3), 3000, 4)
    blurred = p.copy()
    third = y == 2
    blurred[third] = p[third][:, [0, 1, 3, 2]]  # mostly taken for the fourth
    found = _cases("log_loss", tuple("abcd"), y, blurred)
    said = blurred.argmax(axis=1)
    assert found.right.value == pytest.approx((said == y).mean())
    assert found.right_without.value == pytest.approx((y == 3).mean())
    assert (found.worst, found.taken_for) == ("c", "d")
    assert found.worst_found.value == pytest.approx((said[third] == 2).mean()) and found.worst_found.n == third.sum()
    assert found.taken.value == pytest.approx((said[third] == 3).mean())
    even = np.full((3000, 4), 0.04)
    even[np.arange(3000), np.where(np.arange(3000) % 10 == 0, (y + 1) % 4, y).astype(int)] = 0.88
    assert _cases("log_loss", tuple("abcd"), y, even).worst == ""


def test_values_are_near_or_far_beside_a_constant():
    y, p = values(np.random.default_rng(4), 1200)
    found = _cases("rmse", (), y, p)
    off = np.abs(y - p[:, 0])
    assert found.half.value == pytest.approx(np.median(off)) and found.half.unit == "€"
    assert found.most.value == pytest.approx(np.quantile(off, 0.9)) and found.most.low < found.most.value
    assert found.most_without.value == pytest.approx(np.quantile(np.abs(y - y.mean()), 0.9))
    assert found.half.value < found.half_without.value
    assert _cases("rmse", (), y, p, baselines={}).most_without is None


def test_choosing_on_the_same_rows_is_corrected_for_the_first_too():
    rng = np.random.default_rng(5)
    y, _ = binary(rng, 400, share=0.05, apart=1.0)
    candidates = np.stack([np.column_stack([1 - e, e]) for e in 0.3 * rng.random((12, 400))])

    def select(rows):
        return np.eye(12)[int(np.argmax([c[rows, 1] @ y[rows] for c in candidates]))]

    chosen = np.tensordot(select(np.arange(400)), candidates, axes=1)
    plain = _cases("roc_auc", ("no", "yes"), y, chosen)
    honest = _cases("roc_auc", ("no", "yes"), y, chosen, candidates=candidates, select=select)
    assert plain.ranked and honest.ranked
    assert honest.hit.value < plain.hit.value and "BBC-CV" in honest.hit.method
    assert replace(honest, found=None, hit=None) == replace(plain, found=None, hit=None)
