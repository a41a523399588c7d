"""Encoders that use the target: smoothing, and no row sees its own target."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.features import texts as texts_module
from modelwright.features.means import TargetMeans
from modelwright.features.target import MAX_OUTPUTS, N_FOLDS, Target
from modelwright.features.texts import TextTopicsEncoder


def power(feature: np.ndarray, y: np.ndarray) -> float:
    return abs(float(np.corrcoef(feature, y)[0, 1]))


class TestTarget:
    def test_folds_are_balanced_over_classes_and_values(self) -> None:
        rng = np.random.default_rng(0)
        classes = Target((rng.random(1_000) < 0.03).astype(float), 2, 1)
        per_fold = np.bincount(classes.folds, weights=classes.y, minlength=N_FOLDS)
        assert per_fold.max() - per_fold.min() <= 1
        values = Target(rng.normal(size=1_000), 0, 1)
        means = [values.y[values.folds == f].mean() for f in range(N_FOLDS)]
        assert np.ptp(means) < 0.05
        assert np.bincount(values.folds).tolist() == [200] * N_FOLDS

    def test_folds_follow_the_seed(self) -> None:
        y = np.arange(50.0)
        assert (Target(y, 0, 3).folds == Target(y, 0, 3).folds).all()
        assert (Target(y, 0, 3).folds != Target(y, 0, 4).folds).any()

    def test_outputs(self) -> None:
        assert Target(np.array([0.0, 1, 1]), 2, 0).matrix[:, 0].tolist() == [0, 1, 1]
        assert Target(np.array([0.5, 1.5]), 0, 0).matrix[:, 0].tolist() == [0.5, 1.5]
        assert Target(np.array([0.0, 2, 1]), 3, 0).matrix.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
        many = Target(np.repeat(np.arange(12.0), np.arange(1, 13)), 12, 0)
        assert many.outputs == tuple(range(4, 12)) and len(many.outputs) == MAX_OUTPUTS
        assert many.names("zip:target")[0] == "zip:target[4]"


class TestMeans:
    def test_a_row_does_not_see_its_own_target(self) -> None:
        rng = np.random.default_rng(0)
        y = rng.normal(size=2_000)
        noise = Strings.from_values([f"k{i}" for i in rng.integers(0, 700, 2_000)])
        _, block = TargetMeans().fit_transform("k", noise, Target(y, 0, 0))
        assert power(block[:, 0], y) < 0.06

    def test_changing_a_target_leaves_its_own_encoding_alone(self) -> None:
        rng = np.random.default_rng(0)
        column = Strings.from_values([f"k{i}" for i in rng.integers(0, 20, 300)])
        y = rng.normal(size=300)
        y[7] = 9.0
        target, changed = Target(y, 0, 0), y.copy()
        changed[7] = 99.0  # still the largest: the folds stay
        other = Target(changed, 0, 0)
        assert (target.folds == other.folds).all()
        _, before = TargetMeans().fit_transform("k", column, target)
        _, after = TargetMeans().fit_transform("k", column, other)
        same_fold = target.folds == target.folds[7]
        np.testing.assert_allclose(before[same_fold], after[same_fold])
        assert not np.allclose(before[~same_fold], after[~same_fold])

    def test_true_effects_are_found_and_rare_levels_shrunk(self) -> None:
        rng = np.random.default_rng(1)
        effect = rng.normal(size=100)
        codes = rng.integers(0, 100, 20_000)
        y = 50 + effect[codes] + rng.normal(size=20_000)
        column = Strings.from_values([f"k{i}" for i in codes])
        op, block = TargetMeans().fit_transform("k", column, Target(y, 0, 0))
        assert power(block[:, 0], 50 + effect[codes]) > 0.97
        levels = np.array([effect[int(k[1:])] for k in op.levels])
        np.testing.assert_allclose(op.table[:-2, 0], 50 + levels, atol=0.35)
        rare = Strings.from_values([*column.to_object()[:5_000], "twice", "twice"])
        op, _ = TargetMeans().fit_transform("k", rare, Target(np.append(y[:5_000], [60.0, 60.0]), 0, 0))
        # Between the mean of all and its own, and with two rows against variances of 1 about two thirds of the way.
        assert 50 < op.table[op.levels.index("twice"), 0] < 59

    def test_a_new_level_gets_what_rare_levels_have(self) -> None:
        values = ["a"] * 50 + ["b"] * 50 + [f"rare{i}" for i in range(50)]
        y = np.array([0.0] * 50 + [1.0] * 50 + [5.0] * 50) + np.random.default_rng(0).normal(0, 0.1, 150)
        op, _ = TargetMeans().fit_transform("k", Strings.from_values(values), Target(y, 0, 0))
        new, missing = op({"k": Strings.from_values(["new", None])})[:, 0]
        assert new == pytest.approx(5.0, abs=0.1)
        assert missing == pytest.approx(y.mean())

    def test_classes_have_an_encoding_each(self) -> None:
        y = np.tile([0.0, 1, 2], 30)
        column = Strings.from_values([f"c{int(c)}" for c in y])
        op, block = TargetMeans().fit_transform("k", column, Target(y, 3, 0))
        assert op.names == ("k:target[0]", "k:target[1]", "k:target[2]") and block.shape == (90, 3)
        np.testing.assert_allclose(block.argmax(axis=1), y)

    @pytest.mark.parametrize("y", [[3.0] * 6, [1e12, 1e12 + 1, 1e12 + 2, 1e12, 1e12, 1e12], [0.0]])
    def test_odd_targets_give_finite_encodings(self, y: list[float]) -> None:
        column = Strings.from_values(["a", "b", "a", "b", None, "c"][: len(y)])
        op, block = TargetMeans(standardise=True).fit_transform("k", column, Target(np.array(y), 0, 0))
        assert np.isfinite(block).all() and np.isfinite(op.table).all()


def spam(n: int = 600) -> tuple[Strings, np.ndarray]:
    """Messages of four random words, with "winner" in most of the spam."""
    rng = np.random.default_rng(0)
    y = rng.random(n) < 0.3
    words = rng.choice(["alpha", "beta", "gamma", "delta"], (n, 6))
    ends = np.where(y & (rng.random(n) < 0.8), "winner", "x")
    return Strings.from_values([" ".join([*w, e]) for w, e in zip(words, ends)]), y.astype(np.float64)


class TestTopics:
    TEXTS, Y = spam()

    def test_the_score_finds_the_word_that_matters(self) -> None:
        made = TextTopicsEncoder().fit_transform("t", self.TEXTS, Target(self.Y, 2, 0))
        assert made is not None
        op, block = made
        assert op.names[-1] == "t~score" and op.names[0] == "t~topic1"
        assert power(block[:, -1], self.Y) > 0.7
        np.testing.assert_allclose(block[:, :-1], op({"t": self.TEXTS})[:, :-1], atol=1e-4)
        np.testing.assert_allclose(block.std(axis=0), 1, rtol=1e-6)

    def test_the_score_of_noise_is_noise_in_training_too(self) -> None:
        rng = np.random.default_rng(3)
        noise = Strings.from_values([" ".join(f"w{i}" for i in rng.integers(0, 400, 8)) for _ in range(500)])
        target = Target((np.arange(500) % 2).astype(float), 2, 0)
        made = TextTopicsEncoder().fit_transform("t", noise, target)
        assert made is not None
        op, block = made
        assert power(block[:, -1], target.y) < 0.15 < 0.6 < power(op({"t": noise})[:, -1], target.y)

    def test_rows_beyond_the_sample_are_scored_by_the_fit_to_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(texts_module, "MAX_FIT_ROWS", 300)
        made = TextTopicsEncoder(max_topics=2).fit_transform("t", self.TEXTS, Target(self.Y, 2, 0))
        assert made is not None
        op, block = made
        equal = np.isclose(block[:, -1], op({"t": self.TEXTS})[:, -1], atol=1e-9)
        assert 300 <= equal.sum() < 600
        assert power(block[:, -1], self.Y) > 0.7

    def test_no_more_topics_than_the_texts_have(self) -> None:
        made = TextTopicsEncoder().fit_transform(
            "t", Strings.from_values(["a b", "b c", "a c"] * 200), Target(np.arange(600.0), 0, 0)
        )
        assert made is not None and made[0].projection.shape[1] <= 3 + 1 and np.abs(made[0].projection).max() < 100

    @pytest.mark.parametrize("values", [[None] * 9, ["", "", ""], ["each", "word", "once"], ["same words"] * 9])
    def test_texts_without_terms_that_tell_are_nothing(self, values: list) -> None:
        column = Strings.from_values(values)
        assert TextTopicsEncoder().fit_transform("t", column, Target(np.arange(float(len(values))), 0, 0)) is None

    def test_short_texts_are_read_by_characters_and_long_ones_by_pairs(self) -> None:
        target = Target(self.Y, 2, 0)
        short = TextTopicsEncoder().fit_transform("t", self.TEXTS, target)
        long = Strings.from_values([f"{t} " * 10 for t in self.TEXTS.to_object()])
        longer = TextTopicsEncoder().fit_transform("t", long, target)
        assert short is not None and longer is not None
        assert (short[0].word_grams, short[0].character_grams) == (1, 4)
        assert (longer[0].word_grams, longer[0].character_grams) == (2, 0)
