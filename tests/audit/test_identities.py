"""Identities: closed forms agree with regressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.audit.identities import find_identity, find_parts


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=2, max_size=3),
    noise=st.sampled_from([0.0, 0.02]),
)
def test_signed_sums_of_columns_are_found_among_others(seed: int, signs: list[float], noise: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 9)) * rng.uniform(1, 3, 9)
    chosen = rng.choice(9, len(signs), replace=False)
    y = x[:, chosen] @ np.array(signs) + 5 + noise * rng.normal(size=400)
    found = find_identity(x, y)
    assert found is not None and set(found.columns) == set(chosen.tolist())
    order = [list(found.columns).index(int(c)) for c in chosen]
    assert found.weights[order] == pytest.approx(signs, abs=1e-6 if noise == 0 else 0.02)
    assert found.r2 > 0.99


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_honest_regressions_are_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 8)) @ rng.normal(size=(8, 8))
    assert find_identity(x, x @ rng.normal(size=8) + rng.normal(size=400) * 2) is None


def test_constant_and_collinear_columns_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 300))
    x = np.column_stack([a, a, np.ones(300), b, 2 * b])
    found = find_identity(x, a + b)
    assert found is not None and len(found.columns) == 2 and found.r2 == pytest.approx(1)
    assert find_identity(x[:, 2:3], a) is None


def test_parts_of_an_event() -> None:
    rng = np.random.default_rng(0)
    flags = rng.random((3000, 3)) < 0.02
    event = flags[:, 0] | flags[:, 1]
    found = find_parts(flags, event)
    assert found is not None and found[0] == [0, 1] and found[1:] == (1.0, 1.0)
    assert find_parts(flags, rng.random(3000) < 0.05) is None
    assert find_parts(flags, ~event) is None
    assert find_parts(np.zeros((3000, 0), bool), event) is None
