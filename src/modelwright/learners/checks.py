"""The exam of a learner. The package's own take it, and one from outside can take the same::

    from modelwright.learners.checks import check_learner
    check_learner(MyLearner())

Each check raises AssertionError and says what was promised.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from modelwright.learners.base import Deadline, FitContext, Learner
from modelwright.learners.targets import AMOUNT, PLAIN
from modelwright.runtime import scorers
from modelwright.runtime.view import View

__all__ = ["CHECKS", "PARITY", "check_learner", "example", "make_context"]

PARITY = 1e-6
"""Largest difference between scorer and library, relative for values above 1."""

ROUNDS = 12
"""Rounds, trees or epochs where how good the model is does not matter."""

ENOUGH_ROUNDS = 100
"""Where something has to be learned."""

GRACE_SECONDS = 1.0
"""What a stoppable fit may take after its deadline on 20,000 rows × 20 features of a busy machine."""

FEW_BYTES, BESIDE_BYTES = 60_000, 25_000
"""A small model, and what a file may hold beside its rounds: names of features, tables of categories."""

TRIES = 3  # a machine may be busy with something else

_PROBE = """
import sys, msgspec, numpy as np
from pathlib import Path
from modelwright.runtime import scorers
folder = Path(sys.argv[1])
scorer = scorers.load(msgspec.json.decode((folder / "scorer.json").read_bytes()), folder)
np.save(folder / "out.npy", scorer.predict(np.load(folder / "in.npy")))
"""


def example(
    learner: Learner, objective: str, *, n_rows: int = 240, n_classes: int = 2, seed: int = 0
) -> tuple[View, np.ndarray]:
    """Return a view as the learner wants it, with the traps a view may hold, and a target that depends on it.

    Numbers on different scales, a constant feature and, except for ``"linear"`` views, missing values and a feature of
    level codes.
    """
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([rng.normal(size=(n_rows, 3)), rng.lognormal(sigma=3, size=n_rows), np.ones(n_rows)])
    names: tuple[str, ...] = ("a", "b", "c", "heavy", "constant")
    score = matrix[:, 0] + matrix[:, 1] * (matrix[:, 2] > 0) + rng.normal(scale=0.3, size=n_rows)
    categorical: tuple[int, ...] = ()
    if learner.card.view != "linear":
        level = rng.integers(0, 6, n_rows)
        score = score + np.array([0, 0.5, -0.5, 1, -1, 0])[level]
        matrix = np.column_stack([matrix, level])
        matrix[rng.random(n_rows) < 0.2, 1] = np.nan
        names, categorical = (*names, "level"), (5,)
    if objective == "regress":
        return View(matrix, names, categorical), 100.0 + 10.0 * score
    edges = np.quantile(score, np.arange(1, n_classes) / n_classes)
    return View(matrix, names, categorical), np.searchsorted(edges, score).astype(np.float64)


def make_context(objective: str, n_classes: int, *, seconds: float | None = None, seed: int = 7) -> FitContext:
    """Return a context of one thread."""
    return FitContext(
        objective=objective,
        n_classes=n_classes if objective == "classify" else 0,
        metric="log_loss" if objective == "classify" else "rmse",
        seed=seed,
        threads=1,
        deadline=Deadline(None if seconds is None else time.monotonic() + seconds),
    )


def _settings(learner: Learner, view: View, n_classes: int) -> tuple[Mapping[str, Any], ...]:
    target = PLAIN if n_classes else AMOUNT  # which has the settings for plain values too
    return learner.portfolio(n_rows=len(view), n_features=view.matrix.shape[1], n_classes=n_classes, target=target)


def _global_state() -> str:
    return str(np.random.get_state(legacy=False))  # noqa: NPY002  looked at only, to see that nobody used it


def _cases(learner: Learner) -> list[tuple[str, int]]:
    cases = [("classify", 2), ("classify", 3), ("regress", 0)]
    return [case for case in cases if case[0] in learner.card.objectives]


def _assert_close(found: np.ndarray, wanted: np.ndarray, promise: str) -> None:
    difference = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))
    assert found.shape == wanted.shape, f"{promise}: shapes {found.shape} and {wanted.shape}"
    assert difference.max(initial=0.0) <= PARITY, f"{promise}: they differ by {difference.max():.2g}"


def check_portfolio(learner: Learner) -> None:
    """Settings have unique names, the cost grows with the rows."""
    for rows in (50, 5_000, 500_000):
        plain, amount = (
            [s["name"] for s in learner.portfolio(n_rows=rows, n_features=20, n_classes=0, target=kind)]
            for kind in (PLAIN, AMOUNT)
        )
        for names in (plain, amount):
            assert names and len(set(names)) == len(names), "every setting of the portfolio has a name of its own"
        assert amount[0] == plain[0] and set(amount) >= set(plain), "amounts are tried with what plain values are"
    small, large = learner.card.seconds(1_000, 20, 1), learner.card.seconds(1_000_000, 20, 1)
    assert 0 < small <= large, "the card's seconds are positive and grow with the rows"


def check_predictions(learner: Learner) -> None:
    """Shape, range, parity with the library, and that something was learned; for every setting of the portfolio."""
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_classes=n_classes)
        new, truth = example(learner, objective, n_classes=n_classes, seed=1)
        for position, settings in enumerate(_settings(learner, view, n_classes)):
            context = make_context(objective, n_classes)
            watched: dict[str, Any] = {"valid": (new, truth)} if position == 0 else {"iterations": ENOUGH_ROUNDS}
            fitted = learner.fit(view, y, settings, context, **watched)
            found = fitted.scorer.predict(new.matrix)
            assert found.dtype == np.float64 and found.shape == (len(new), max(n_classes, 1)), (
                "float64, one column per output"
            )
            assert np.isfinite(found).all(), "predictions are finite"
            if n_classes:
                assert (found >= 0).all() and np.allclose(found.sum(axis=1), 1), "probabilities add up to 1"
                better = (found.argmax(axis=1) == truth).mean() > 1.2 / n_classes
            else:
                better = np.square(found[:, 0] - truth).mean() < 0.8 * truth.var()
            assert better, f"{settings['name']} learns a plain signal"
            _assert_close(found, learner.native_predict(fitted.native, new.matrix), "scorer and library agree")
            alone = np.vstack([fitted.scorer.predict(new.matrix[i : i + 1]) for i in range(5)])
            _assert_close(alone, found[:5], "a row scores the same alone and in a batch")


def check_deterministic(learner: Learner) -> None:
    """Same arguments, same model, bit for bit; nothing printed; nothing changed."""
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_classes=n_classes)
        before, target = view.matrix.copy(), y.copy()
        state = _global_state()
        settings = _settings(learner, view, n_classes)[0]
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            first, second = (
                learner.fit(view, y, settings, make_context(objective, n_classes), iterations=ROUNDS) for _ in range(2)
            )
            equal = np.array_equal(first.scorer.predict(before), second.scorer.predict(before))
        assert equal, "the same arguments give the same model, bit for bit"
        assert not said.getvalue(), f"a learner prints nothing: {said.getvalue()[:80]!r}"
        assert np.array_equal(view.matrix, before, equal_nan=True) and np.array_equal(y, target), (
            "arguments are left alone"
        )
        assert _global_state() == state, "the global random state is left alone"


def check_refit(learner: Learner) -> None:
    """``iterations`` is kept exactly, and the rounds found with validation rows give the same model without them."""
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_classes=n_classes)
        settings, context = _settings(learner, view, n_classes)[0], make_context(objective, n_classes)
        valid = example(learner, objective, n_classes=n_classes, seed=1)
        watched = learner.fit(view, y, settings, context, valid=valid)
        if watched.iterations is None:
            continue
        again = learner.fit(view, y, settings, context, iterations=watched.iterations)
        assert again.iterations == watched.iterations, "a refit keeps the number of rounds"
        _assert_close(
            again.scorer.predict(view.matrix),
            watched.scorer.predict(view.matrix),
            "a refit on the same rows is the same model",
        )


def check_edges(learner: Learner) -> None:
    """Absent classes, many classes, five rows, one feature, a constant target."""
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_classes=n_classes)
        context = make_context(objective, n_classes)
        settings = _settings(learner, view, n_classes)[0]
        one = View(view.matrix[:, :1], view.names[:1])
        few = np.sort(np.unique(np.linspace(0, len(y) - 1, 5).astype(int)))
        cases = {
            "one feature": (one, y),
            "five rows": (view.take(few), np.array([0.0, 1.0, 0.0, 1.0, 1.0])),
            "two rows": (view.take(few[:2]), np.array([0.0, 1.0])),
            "one target value": (view, np.ones(len(y))),
            "only constant features": (View(np.ones((len(y), 2)), ("x", "z")), y),
        }
        for what, (rows, target) in cases.items():
            found = learner.fit(rows, target, settings, context, iterations=ROUNDS).scorer.predict(rows.matrix)
            assert found.shape == (len(rows), max(n_classes, 1)) and np.isfinite(found).all(), f"it copes with {what}"
    if "classify" in learner.card.objectives:
        _check_absent(learner)


def _check_absent(learner: Learner) -> None:
    view, y = example(learner, "classify", n_classes=30)
    context = make_context("classify", min(30, learner.card.max_classes))
    settings = _settings(learner, view, context.n_classes)[0]
    for present in (np.array([1, 2, 4]), np.array([2, 5])):
        label = present[y.astype(int) % len(present)].astype(np.float64)
        fitted = learner.fit(view, label, settings, context, iterations=ROUNDS)
        found = fitted.scorer.predict(view.matrix)
        assert found.shape == (len(view), context.n_classes), "a class absent from the rows still has its column"
        absent = np.delete(found, present, axis=1)
        assert absent.max() < 0.2, "a class absent from the rows gets (almost) no probability"
        _assert_close(
            found, learner.native_predict(fitted.native, view.matrix), "scorer and library agree on absent classes"
        )
        with tempfile.TemporaryDirectory() as place:
            loaded = scorers.load(fitted.scorer.save(Path(place), "m"), Path(place))
            _assert_close(loaded.predict(view.matrix), found, "a model that knows of absent classes can be loaded")
    fitted = learner.fit(view, np.minimum(y, context.n_classes - 1), settings, context, iterations=ROUNDS)
    many = fitted.scorer.predict(view.matrix)
    assert many.shape[1] == context.n_classes and np.allclose(many.sum(axis=1), 1), "thirty classes"


def check_deadline(learner: Learner) -> None:
    """A stoppable learner returns a usable model at its deadline, even one that has passed already."""
    if not learner.card.stoppable:
        return
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_rows=20_000, n_classes=n_classes)
        settings = _settings(learner, view, n_classes)[-1]
        for seconds in (-1.0, 0.3):
            late = float("inf")
            for _ in range(TRIES):
                started = time.monotonic()
                context = make_context(objective, n_classes, seconds=seconds)
                fitted = learner.fit(view, y, settings, context, valid=(view.take(np.arange(500)), y[:500]))
                late = time.monotonic() - started - max(seconds, 0.0)
                if late < GRACE_SECONDS:
                    break
            assert late < GRACE_SECONDS, f"it stops at the deadline, not {late:.1f} s later"
            assert np.isfinite(fitted.scorer.predict(view.matrix[:50])).all(), "what it returns then can be used"


def check_size(learner: Learner) -> None:
    """A learner that says how its models grow ends a fit before its model is too large, but takes rounds as told."""
    growth = learner.card.growth
    if growth is None:
        return
    for objective, n_classes in _cases(learner):
        view, y = example(learner, objective, n_rows=600, n_classes=n_classes)
        settings = _settings(learner, view, n_classes)[0]
        context = replace(make_context(objective, n_classes), most_bytes=FEW_BYTES)
        room = growth.room(settings, context.n_outputs, FEW_BYTES)
        fitted = learner.fit(view, y, settings, context, valid=(view.take(np.arange(200)), y[:200]))
        assert fitted.iterations is not None and room is not None and fitted.iterations <= room, "no more rounds"
        with tempfile.TemporaryDirectory() as place:
            fitted.scorer.save(Path(place), "m")
            size = sum(path.stat().st_size for path in Path(place).iterdir())
        assert size <= FEW_BYTES + BESIDE_BYTES, f"a round adds no more than the card says, not {size:,} bytes in all"
        again = learner.fit(view, y, settings, context, iterations=room + 1)
        assert again.iterations == room + 1, "rounds that are asked for are run, whatever their size"


def check_saving(learner: Learner) -> None:
    """Saved and loaded in another process it predicts the same; the description is plain JSON; the files are named."""
    with tempfile.TemporaryDirectory() as place:
        for objective, n_classes in _cases(learner)[::2]:
            folder = Path(place) / objective
            folder.mkdir()
            view, y = example(learner, objective, n_classes=n_classes)
            fitted = learner.fit(
                view, y, _settings(learner, view, n_classes)[0], make_context(objective, n_classes), iterations=ROUNDS
            )
            settings = fitted.scorer.save(folder, "m007")
            assert {p.name for p in folder.iterdir()} == set(settings["files"]), "every file that was written is named"
            assert all(name.startswith("m007") for name in settings["files"]), "files are named after the stem"
            plain = msgspec.json.decode(msgspec.json.encode(settings))
            assert plain == settings, "the description is plain JSON"
            new = example(learner, objective, n_classes=n_classes, seed=2)[0].matrix
            wanted = fitted.scorer.predict(new)
            _assert_close(scorers.load(plain, folder).predict(new), wanted, "a loaded model predicts the same")
            (folder / "scorer.json").write_bytes(msgspec.json.encode(settings))
            np.save(folder / "in.npy", new)
            subprocess.run([sys.executable, "-c", _PROBE, str(folder)], check=True, timeout=120)
            _assert_close(np.load(folder / "out.npy", allow_pickle=False), wanted, "in another process too")


CHECKS: tuple[Callable[[Learner], None], ...] = (
    check_portfolio,
    check_predictions,
    check_deterministic,
    check_refit,
    check_edges,
    check_deadline,
    check_size,
    check_saving,
)


def check_learner(learner: Learner) -> None:
    """Run all `CHECKS`; raises AssertionError at the first promise that is broken."""
    for check in CHECKS:
        check(learner)
