import numpy as np
import pytest

from modelwright import objectives
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import UsageError
from modelwright.objectives.checks import N_ROWS, check_objective


def _rng():
    return np.random.default_rng(3)


def _target(draw):
    return Strings.from_values([draw(u) for u in _rng().random(N_ROWS)])


TARGETS = {
    "two classes": ("classify", _target(lambda u: None if u < 0.1 else "yes" if u < 0.3 else "no"), Kind.CATEGORY),
    "five classes": ("classify", _target(lambda u: "abcde"[int(5 * u)]), Kind.CATEGORY),
    "codes": ("classify", np.where(_rng().random(N_ROWS) < 0.1, np.nan, _rng().integers(1, 4, N_ROWS)), Kind.NUMBER),
    "a lone class": ("classify", np.r_[2.0, np.tile([0.0, 1.0], (N_ROWS - 1) // 2), 0.0], Kind.NUMBER),
    "values": ("regress", _rng().normal(size=N_ROWS), Kind.NUMBER),
    "heavy tail": ("regress", np.exp(3 * _rng().normal(size=N_ROWS)), Kind.NUMBER),
}


@pytest.mark.parametrize("case", TARGETS)
def test_every_objective_keeps_its_promises(case):
    name, target, kind = TARGETS[case]
    check_objective(objectives.get(name), target, ColumnSpec(name="target", kind=kind))


def test_registry_names_resolve_to_themselves():
    assert [objectives.get(name).name for name in objectives.OBJECTIVES] == list(objectives.OBJECTIVES)


def test_unknown_objective_suggests():
    with pytest.raises(UsageError, match=r"objective 'clasify' does not exist .* classify, regress .* MW-U301"):
        objectives.get("clasify")


def test_the_exam_fails_what_breaks_a_promise():
    class Careless(type(objectives.get("regress"))):
        def encode(self, column, spec, brief):
            return np.nan_to_num(np.asarray(column, dtype=float)), ()

    with pytest.raises(AssertionError, match="nothing to learn"):
        check_objective(Careless(), TARGETS["values"][1], ColumnSpec(name="t", kind=Kind.NUMBER))
