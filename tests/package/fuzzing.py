"""Random damage to native model files, loaded in a process of its own: the library may refuse, it may not crash.

Run as a script it fuzzes the models in a folder: ``python -m tests.package.fuzzing FOLDER FIRST COUNT``. Every model is
a folder with its file, ``settings.json`` as `Scorer.save` returned it, and with ``n_features`` in it. What is being
tried is written down before, so that a crash is found.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from modelwright.errors import BundleError
from modelwright.runtime.scorers import load

ODD_NUMBERS = (b"-1", b"0", b"1", b"7", b"255", b"65536", b"2147483647", b"-2147483648", b"99999999999", b"1e9", b"nan")
ODD_WORDS = (0, 1, 2, 0x7F, 0xFF, 0x100, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def damaged(content: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """Return the file with one to four changes of the kinds that find bugs in parsers."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        kind, at = int(rng.integers(0, 8)), int(rng.integers(0, max(1, len(changed))))
        size = int(2 ** rng.integers(0, 8))
        if kind == 0:
            changed[at : at + 1] = bytes([changed[at] ^ (1 << int(rng.integers(0, 8)))]) if changed else b""
        elif kind == 1:  # a word of four bytes, at its place
            place = at - at % 4 if rng.random() < 0.8 else at
            word = int(rng.choice(ODD_WORDS)).to_bytes(4, "little" if rng.random() < 0.7 else "big")
            changed[place : place + 4] = word
        elif kind == 2:
            del changed[at : at + size]
        elif kind == 3:
            changed[at:at] = changed[max(0, at - size) : at]
        elif kind == 4:
            del changed[at:]
        elif kind == 5:  # a number in text
            numbers = list(re.finditer(rb"-?\d+(\.\d+)?", changed[at : at + 400]))
            if numbers:
                found = numbers[int(rng.integers(0, len(numbers)))]
                changed[at + found.start() : at + found.end()] = rng.choice(np.array(ODD_NUMBERS, object))
        elif kind == 6:
            other = others[int(rng.integers(0, len(others)))]
            start = int(rng.integers(0, len(other)))
            changed[at : at + size] = other[start : start + size]
        else:  # one part in the place of another
            there = int(rng.integers(0, max(1, len(changed))))
            changed[at : at + size] = changed[there : there + size]
    return bytes(changed)


def fuzz(folder: Path, first: int, count: int) -> dict[str, int]:
    """Try ``count`` damaged files in this process; return how many were refused, and how many scored."""
    models = sorted(path for path in folder.iterdir() if (path / "settings.json").is_file())
    described = [json.loads((model / "settings.json").read_text()) for model in models]
    contents = [(m / s["files"][0]).read_bytes() for m, s in zip(models, described, strict=True)]
    place = folder / f"tried-{first}"
    place.mkdir()
    told = {"refused": 0, "scored": 0}
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        at = int(rng.integers(0, len(models)))
        (place / "seed").write_text(f"{seed} {models[at].name}")
        (place / described[at]["files"][0]).write_bytes(damaged(contents[at], rng, contents))
        try:
            scorer = load(described[at], place)
        except BundleError:
            told["refused"] += 1
            continue
        width = described[at]["n_features"]
        if getattr(scorer, "n_features", width) != width:  # the plan refuses it
            told["refused"] += 1
            continue
        rows = rng.normal(0, 3, (8, width))
        rows[rng.random(rows.shape) < 0.2] = np.nan
        rows[0] = rng.choice([0.0, -1.0, 1e300, -1e300, 1e9, np.nan], width)
        try:
            answers = scorer.predict(rows)
        except refusals() as error:  # the plan tries a row out, and refuses it too
            told["refused"] += 1
            assert "features" in str(error).lower() or "columns" in str(error).lower(), error
            continue
        assert answers.shape == (8, max(described[at]["n_classes"], 1))
        told["scored"] += 1
    return told


def refusals() -> tuple[type[Exception], ...]:
    """Return the errors by which libraries refuse rows that do not fit a model."""
    import catboost
    import xgboost

    return ValueError, catboost.CatBoostError, xgboost.core.XGBoostError


def fuzz_apart(folder: Path, first: int, count: int) -> dict[str, int]:
    """Do it in a process of its own; raises AssertionError with the seed where that process dies."""
    command = [sys.executable, "-m", "tests.package.fuzzing", str(folder), str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=Path(__file__).parents[2])
    if done.returncode:
        seed = (folder / f"tried-{first}" / "seed").read_text()
        raise AssertionError(f"seed and model {seed}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    print(json.dumps(fuzz(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
