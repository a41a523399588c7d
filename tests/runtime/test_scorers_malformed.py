"""Hand-made files that no release of modelwright would write are refused before anything is built from them."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.errors import BundleError
from modelwright.learners import get
from modelwright.learners.checks import ROUNDS, example, make_context
from modelwright.runtime import storage
from modelwright.runtime.scorers import checking, load

FAMILIES = ("linear", "neighbours", "kernel", "random_forest", "mlp", "lightgbm", "xgboost", "catboost")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return ``name -> (settings, folder)`` of small models of four classes."""
    models = {}
    for name in FAMILIES:
        learner = get(name)
        view, y = example(learner, "classify", n_rows=120, n_classes=4)
        chosen = learner.portfolio(n_rows=120, n_features=6, n_classes=4)[0]
        folder = tmp_path_factory.mktemp(name)
        fitted = learner.fit(view, y, chosen, make_context("classify", 4), iterations=ROUNDS)
        models[name] = fitted.scorer.save(folder, "m0"), folder
    return models


def refused(settings, folder, match="MW-B1"):
    with pytest.raises(BundleError, match=match) as error:
        load(settings, folder)
    assert error.value.fix


def changed(arrays, name, change):
    value = arrays[name].copy()
    out = change(value)
    return arrays | {name: value if out is None else out}


def put(index, value):
    def change(array):
        array[index] = value

    return change


FOREST = {
    "a child outside": ("left", put(0, 10**6)),
    "a leaf outside": ("right", put(0, -(10**6))),
    "a circle": ("left", put(3, 0)),
    "a root outside": ("root", put(0, 10**6)),
    "a feature outside": ("feature", put(0, 6)),
    "a negative feature": ("feature", put(0, -1)),
    "a threshold that is none": ("threshold", put(0, np.nan)),
    "double thresholds": ("threshold", lambda a: a.astype(float)),
    "a value that is none": ("value", put((0, 0), np.inf)),
    "too few classes": ("value", lambda a: a[:, :2]),
    "a short array": ("missing_left", lambda a: a[:-1]),
    "the wrong kind": ("feature", lambda a: a.astype(float)),
    "no trees": ("root", lambda a: a[:0]),
}
LINEAR = {
    "no finite coefficient": ("coef", put((0, 0), np.nan)),
    "a short intercept": ("intercept", lambda a: a[:-1]),
    "a scaling for other features": ("centre", lambda a: a[:-1]),
    "one dimension": ("coef", np.ravel),
    "text": ("intercept", lambda a: a.astype("U8")),
}
MLP = {
    "layers that do not fit": ("w1", lambda a: a[:-1]),
    "a bias that does not fit": ("b0", lambda a: a[:-1]),
    "an infinite weight": ("w0", put((0, 0), np.inf)),
    "a target without spread": ("target", lambda a: a[:1]),
}
NEIGHBOURS = {
    "a class outside": ("target", put(0, 4)),
    "a negative class": ("target", put(0, -1)),
    "rows without target": ("rows", lambda a: a[:-1]),
    "no rows": ("rows", lambda a: a[:0]),
    "a missing cell": ("rows", put((0, 0), np.nan)),
}
KERNEL = {
    "rows without weights": ("alpha", lambda a: a[:-1]),
    "no rows": ("support", lambda a: a[:0]),
    "a missing cell": ("support", put((0, 0), np.nan)),
    "a column outside": ("columns", put(0, 10**6)),
    "a length for other columns": ("inverse", lambda a: a[:-1]),
    "too few classes": ("intercept", lambda a: a[:2]),
    "bounds the wrong way round": ("link", put(0, 1.0)),
    "a scaling for other features": ("centre", lambda a: a[:-1]),
}
MALFORMED = {"random_forest": FOREST, "linear": LINEAR, "mlp": MLP, "neighbours": NEIGHBOURS, "kernel": KERNEL}
ARRAYS = [(family, what, name, change) for family, cases in MALFORMED.items() for what, (name, change) in cases.items()]


@pytest.mark.parametrize(
    ("family", "name", "change"), [(f, n, c) for f, _, n, c in ARRAYS], ids=[f"{f}-{w}" for f, w, _, _ in ARRAYS]
)
def test_malformed_arrays(saved, tmp_path, family, name, change):
    settings, folder = saved[family]
    arrays = storage.read_arrays(folder / "m0.npz")
    storage.write_arrays(tmp_path / "m0.npz", arrays)
    load(settings, tmp_path)
    storage.write_arrays(tmp_path / "m0.npz", changed(arrays, name, change))
    refused(settings, tmp_path, "MW-B151")


@pytest.mark.parametrize("family", FAMILIES)
def test_malformed_files_and_descriptions(saved, tmp_path, family):
    settings, folder = saved[family]
    content = (folder / settings["files"][0]).read_bytes()
    refused(settings, tmp_path)  # the file is missing
    place = tmp_path / settings["files"][0]
    for wrong in (b"", b"nonsense", content[: len(content) // 2], content[:40] + b"\0" * 40):
        place.write_bytes(wrong)
        refused(settings, tmp_path)
    place.write_bytes(content)
    load(settings, tmp_path)
    for files in ([], None, ["../m0.npz"], ["/etc/passwd"], ["m0\\x"], [""], [".."], ["a", "b"], [3]):
        refused(settings | {"files": files}, tmp_path, "MW-B151")
    for n_classes in (1, -1, 3, "4", None, True, *([] if family == "neighbours" else [7])):
        refused(settings | {"n_classes": n_classes}, tmp_path, "MW-B151")


@pytest.mark.parametrize("family", ["linear", "lightgbm", "xgboost", "catboost"])
def test_models_are_plain_files(saved, tmp_path, family):
    settings, folder = saved[family]
    name = settings["files"][0]
    (tmp_path / name).symlink_to(folder / name)
    refused(settings, tmp_path, "MW-B108")


@pytest.mark.parametrize("family", ["lightgbm", "xgboost", "catboost"])
def test_models_are_bounded(saved, family, monkeypatch):
    settings, folder = saved[family]
    size = (folder / settings["files"][0]).stat().st_size
    monkeypatch.setattr(checking, "MAX_MODEL_BYTES", size)
    load(settings, folder)
    monkeypatch.setattr(checking, "MAX_MODEL_BYTES", size - 1)
    refused(settings, folder, "MW-B109")


def test_what_lightgbm_takes_for_the_end_of_a_line_is_refused(saved, tmp_path):
    """It ends lines at a carriage return too: what is checked as one line would be two to it."""
    settings, folder = saved["lightgbm"]
    text = (folder / "m0.txt").read_text()
    for odd in (text.replace("\n", "\r\n", 1), text + "\r[linear_tree: 1]\n"):
        (tmp_path / "m0.txt").write_text(odd, newline="")
        refused(settings, tmp_path, "MW-B151")


def test_arrays_more_or_fewer_than_expected(saved, tmp_path):
    settings, folder = saved["linear"]
    arrays = storage.read_arrays(folder / "m0.npz")
    for wrong in (arrays | {"more": np.zeros(1)}, {k: v for k, v in arrays.items() if k != "coef"}):
        storage.write_arrays(tmp_path / "m0.npz", wrong)
        refused(settings, tmp_path, "MW-B151")


def test_unknown_scorer(tmp_path):
    for name in ("oracle", None, 3):
        refused({"scorer": name}, tmp_path, "MW-B150")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("left_child=", "left_child=99999 "),
        ("\nsplit_feature=", "\nsplit_feature=77 "),
        ("num_leaves=", "num_leaves=9"),
        ("num_cat=", "num_cat=9"),
        ("\nnum_leaves=", "\nnum_leaves=x"),
        ("max_feature_idx=", "max_feature_idx=-"),
        ("version=v4", "version=v9"),
        ("end of trees", "the end"),
    ],
)
def test_malformed_lightgbm_text(saved, tmp_path, old, new):
    settings, folder = saved["lightgbm"]
    text = (folder / "m0.txt").read_text()
    assert old in text
    (tmp_path / "m0.txt").write_text(text.replace(old, new, 1))
    refused(settings, tmp_path, "MW-B151")


def test_lightgbm_indices_outside(saved, tmp_path):
    """The right number of entries, one of them outside the tree, above it, or outside the features."""
    settings, folder = saved["lightgbm"]
    lines = (folder / "m0.txt").read_text().split("\n")
    for key, value in (("split_feature", "6"), ("left_child", "4000"), ("right_child", "-4000"), ("left_child", "0")):
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{key}="))
        entries = lines[at].split("=")[1].split()
        broken = f"{key}=" + " ".join([value, *entries[1:]])
        (tmp_path / "m0.txt").write_text("\n".join([*lines[:at], broken, *lines[at + 1 :]]))
        refused(settings, tmp_path, "MW-B151")


@pytest.mark.parametrize(
    ("family", "wrong"),
    [
        ("neighbours", {"k": 0}),
        ("neighbours", {"k": "5"}),
        ("kernel", {"log": 1}),
        ("kernel", {"log": None}),
        ("random_forest", {"n_features": 0}),
        ("random_forest", {"n_features": 2}),
        ("mlp", {"layers": 0}),
        ("mlp", {"layers": 99}),
        ("mlp", {"layers": 3}),
        ("lightgbm", {"rounds": 0}),
        ("lightgbm", {"rounds": 99}),
        ("catboost", {"n_features": 0}),
        ("catboost", {"n_features": 9}),
        ("catboost", {"categorical": [7]}),
        ("catboost", {"categorical": [5, 5]}),
        ("catboost", {"categorical": "5"}),
        ("catboost", {"exponential": 1}),
        ("catboost", {"exponential": True}),
    ],
)
def test_descriptions_that_do_not_fit_the_file(saved, family, wrong):
    settings, folder = saved[family]
    refused(settings | wrong, folder, "MW-B151")
