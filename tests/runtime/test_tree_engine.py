"""LightGBM's library: what it holds is given back, and the end of a process is quiet."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from modelwright.runtime import tree_engine
from modelwright.runtime.tree_engine import TreeEngine

from .test_quick_trees import trained

OUTLIVED = """
import sys, types
from pathlib import Path

holder = sys.modules["holder"] = types.ModuleType("holder")  # before the engine's module, so it is cleared after it
import numpy as np
from modelwright.runtime import tree_engine

engine = tree_engine.TreeEngine(Path(sys.argv[1]).read_text())
holder.kept = (engine, engine.row(np.zeros(engine.n_features)))
del engine
sys.kept = (holder, tree_engine)
print("scored", holder.kept[1]().shape)
"""


def test_nothing_is_printed_where_an_engine_outlives_its_module(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text(trained("regression")[0], newline="\n")
    command = [sys.executable, "-c", OUTLIVED, str(tmp_path / "model.txt")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "scored (1,)\n", "")


def test_what_the_library_holds_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    library, freed = tree_engine._library(), []

    class Watched:
        def __getattr__(self, name: str) -> object:
            if name.endswith("Free"):
                freed.append(name)
            return getattr(library, name)

    engine = TreeEngine(trained("regression")[0])
    row = engine.row(np.zeros(engine.n_features))
    gc.collect()  # engines that other tests left in reference cycles are freed unwatched
    monkeypatch.setattr(tree_engine, "_library", Watched)
    del engine
    assert not freed  # a row keeps its engine
    del row
    gc.collect()
    assert freed == ["LGBM_FastConfigFree", "LGBM_BoosterFree"]
