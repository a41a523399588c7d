"""The readers that look at native model files first: they read real models, and nothing else does more than refuse."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import BundleError
from modelwright.learners import get
from modelwright.learners.checks import example, make_context
from modelwright.runtime.scorers.catboost_check import check_cbm
from modelwright.runtime.scorers.flatbuffer import root
from modelwright.runtime.scorers.lightgbm_text import check_text
from modelwright.runtime.scorers.ubjson import MAX_DEPTH, read_ubjson
from modelwright.runtime.scorers.xgboost import XgboostScorer
from modelwright.runtime.scorers.xgboost_check import check_ubj


def saved(name, n_classes, folder, portfolio=0):
    """Return what a learner's own booster writes, and its description."""
    learner = get(name)
    objective = "classify" if n_classes else "regress"
    view, y = example(learner, objective, n_rows=200, n_classes=n_classes)
    chosen = learner.portfolio(n_rows=200, n_features=6, n_classes=n_classes)[portfolio]
    fitted = learner.fit(view, y, chosen, make_context(objective, n_classes), iterations=5)
    scorer = fitted.native if hasattr(fitted.native, "save") else fitted.scorer
    settings = scorer.save(folder, "m0")
    return (folder / settings["files"][0]).read_bytes(), settings


@pytest.mark.parametrize("n_classes", [0, 2, 4])
def test_the_reader_of_ubjson_agrees_with_the_library(tmp_path, n_classes):
    import xgboost

    content, settings = saved("xgboost", n_classes, tmp_path)
    assert settings["scorer"] == XgboostScorer.scorer and check_ubj(content, n_classes, "m0.ubj") == 6
    booster = xgboost.Booster()
    booster.load_model(bytearray(content))
    library = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
    ours = read_ubjson(content)["learner"]["gradient_booster"]["model"]["trees"]
    assert len(ours) == len(library) > 0
    for mine, theirs in zip(ours, library, strict=True):
        for key in ("left_children", "right_children", "split_indices", "split_conditions"):
            np.testing.assert_allclose(mine[key], theirs[key], rtol=1e-6)
    for wrong in {0, 2, 3, 4} - {n_classes}:
        with pytest.raises(BundleError, match="MW-B151"):
            check_ubj(content, wrong, "m0.ubj")


def test_a_model_cut_anywhere_is_refused(tmp_path):
    content, _ = saved("xgboost", 2, tmp_path)
    for end in [*range(400), *range(400, len(content), 97)]:
        with pytest.raises(BundleError, match="MW-B151"):
            check_ubj(content[:end], 2, "m0.ubj")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_value_error(content):
    for read in (read_ubjson, lambda c: root(c).tables(0), lambda c: root(c).text(1)):
        try:
            read(content)
        except ValueError:
            pass
        except struct.error:
            pytest.fail("an offset was followed out of the content")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[",
        b"[#L" + struct.pack(">q", 1 << 40),
        b"[#L" + struct.pack(">q", -1),
        b"[$d#L" + struct.pack(">q", 1 << 60),
        b"[$S#L" + struct.pack(">q", 0),
        b"[$d#i\x00",
        b"SL" + struct.pack(">q", 5) + b"abc",
        b"SL" + struct.pack(">q", 1) + b"\xff",
        b"i\x01i\x01",
        b"C\x01",
        (b"[#L" + struct.pack(">q", 1)) * (MAX_DEPTH + 2) + b"T",
        b"{" + (b"L" + struct.pack(">q", 1) + b"ai\x01") * 2 + b"}",
    ],
)
def test_ubjson_that_xgboost_would_not_write(content):
    with pytest.raises(ValueError):
        read_ubjson(content)


@pytest.mark.parametrize(("n_classes", "portfolio"), [(0, 0), (0, 1), (2, 0), (4, 1), (4, 2)])
def test_catboost_models_pass_and_others_do_not(tmp_path, n_classes, portfolio):
    content, settings = saved("catboost", n_classes, tmp_path, portfolio)
    check_cbm(content, settings["n_features"], settings["categorical"], n_classes, "m0.cbm")
    for features, categorical, classes in ((7, [5], n_classes), (6, [], n_classes), (6, [5], n_classes + 5)):
        with pytest.raises(BundleError, match="MW-B151"):
            check_cbm(content, features, categorical, classes, "m0.cbm")
    for end in range(0, len(content), 211):
        with pytest.raises(BundleError, match="MW-B151"):
            check_cbm(content[:end], 6, [5], n_classes, "m0.cbm")


def test_a_lightgbm_model_reads_in_one_way_only(tmp_path):
    content, settings = saved("lightgbm", 4, tmp_path)
    text = content.decode()
    assert check_text(text, "m0.txt") == 4 * settings["rounds"]
    bare = "\n".join(line for line in text.split("\n") if not line.startswith("tree_sizes="))
    assert check_text(bare, "m0.txt") == 4 * settings["rounds"]  # LightGBM then reads one tree after the other
    for old, new in (
        ("leaf_count=", "leaf_count=x"),
        ("internal_weight=", "internal_weight=a"),
        ("internal_count=", "internal_count=1 "),
        ("split_gain=", "split_gain= "),
        ("shrinkage=1\n", "shrinkage=1=1\n"),
        ("shrinkage=1\n", "shrinkage=1\nbogus=1\n"),
        ("num_class=4", "num_class=0x4"),
        ("max_feature_idx=", "max_feature_idx=+"),
        ("objective=multiclass num_class:4", "objective=lambdarank"),
        ("objective=multiclass num_class:4", "objective=multiclass num_class:40"),
        ("feature_names=", "feature_names=caf\u00e9"),
        ("parameters:", "parameters:\n[linear_tree: 1]"),
        ("\nTree=1\n", "\nTree=2\n"),
    ):
        assert old in bare
        with pytest.raises(BundleError, match="MW-B151"):
            check_text(bare.replace(old, new, 1), "m0.txt")
