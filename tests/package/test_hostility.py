"""Versions that were tampered with: each is refused, and nothing in it is built before."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modelwright.documents import digest_file
from modelwright.errors import BundleError
from modelwright.package.bundle import open_version
from modelwright.package.manifest import MANIFEST, SEAL, seal
from modelwright.package.writing import write_version
from modelwright.runtime.storage import read_arrays, write_arrays
from tests.package.building import PROFILE, classifier
from tests.package.test_bundle import facts

Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("original") / "1"
    write_version(place, classifier(), facts=facts(), profile=PROFILE, seed=0)
    for path in place.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    place = tmp_path / "1"
    shutil.copytree(original, place)
    return place


def files_of(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def reseal(folder: Path) -> None:
    """Do what an attacker who can write does: make every digest right again."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for entry in manifest["files"]:
        path = folder / entry["name"]
        if path.is_file():
            entry["digest"], entry["size"] = digest_file(path), path.stat().st_size
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: object) -> None:
    content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (folder / MANIFEST).write_bytes(content)
    (folder / SEAL).write_bytes(seal(content))


def refused(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_version(folder)
    assert caught.value.fix and caught.value.code.startswith("MW-B")
    return caught.value.code


def test_the_untouched_copy_opens(copy: Path) -> None:
    assert open_version(copy).self_test().max_difference <= 1e-12
    reseal(copy)
    assert open_version(copy).self_test().max_difference <= 1e-12


# changed by accident, or by someone who cannot make the digests right


def test_a_flipped_bit_in_any_file_is_refused(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def built(*args: object) -> None:
        raise AssertionError("a changed version was parsed")

    monkeypatch.setattr("modelwright.runtime.plan.Plan.load", built)
    rng = np.random.default_rng(0)
    for number, name in enumerate(files_of(original)):
        content = (original / name).read_bytes()
        for place in {0, len(content) - 1, *rng.integers(0, len(content), 4).tolist()}:
            folder = tmp_path / f"{number}-{place}"
            shutil.copytree(original, folder)
            damaged = bytearray(content)
            damaged[place] ^= 1 << int(rng.integers(0, 8))
            (folder / name).write_bytes(bytes(damaged))
            assert refused(folder) == "MW-B107", name


@pytest.mark.parametrize("part", ["manifest.json", "plan.json", "plan.npz", "model/m000.npz", "golden.json"])
def test_a_truncated_file_is_refused(part: str, copy: Path) -> None:
    content = (copy / part).read_bytes()
    (copy / part).write_bytes(content[: len(content) // 2])
    assert refused(copy) == "MW-B107"


def test_every_missing_file_is_refused(original: Path, tmp_path: Path) -> None:
    for number, name in enumerate(files_of(original)):
        folder = tmp_path / str(number)
        shutil.copytree(original, folder)
        (folder / name).unlink()
        assert refused(folder) in {"MW-B101", "MW-B105", "MW-B106"}, name


def swap(a: str, b: str) -> Tamper:
    def tamper(folder: Path) -> None:
        first, second = (folder / a).read_bytes(), (folder / b).read_bytes()
        (folder / a).write_bytes(second)
        (folder / b).write_bytes(first)

    return tamper


def link(name: str) -> Tamper:
    def tamper(folder: Path) -> None:
        away = folder.parent / "away"
        (folder / name).rename(away)
        (folder / name).symlink_to(away)

    return tamper


def link_folder(folder: Path) -> None:
    (folder / "model").rename(folder.parent / "away")
    (folder / "model").symlink_to(folder.parent / "away")


def pipe(folder: Path) -> None:
    (folder / "plan.npz").unlink()
    os.mkfifo(folder / "plan.npz")


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda f: (f / "evil.py").write_text("print(1)"), "MW-B106"),
        (lambda f: (f / "model" / "m009.npz").write_bytes(b"x"), "MW-B106"),
        (lambda f: (f / ".hidden").write_bytes(b""), "MW-B106"),
        (lambda f: (f / "empty").mkdir(), "MW-B106"),
        (lambda f: (f / "a" / "b" / "c" / "d" / "e" / "f").mkdir(parents=True), "MW-B106"),
        (swap("model/m000.npz", "model/m001.npz"), "MW-B107"),
        (swap("plan.json", "contract.json"), "MW-B107"),
        (link("plan.json"), "MW-B108"),
        (link("model/m000.npz"), "MW-B108"),
        (link("manifest.json"), "MW-B108"),
        (link_folder, "MW-B108"),
        (pipe, "MW-B108"),
        (lambda f: shutil.rmtree(f), "MW-B101"),
        (lambda f: (f / SEAL).write_bytes(b"x" * 1000), "MW-B109"),
        (lambda f: (f / MANIFEST).write_bytes(b" " * (5 << 20)), "MW-B109"),
    ],
)
def test_what_does_not_belong_is_refused(tamper: Tamper, code: str, copy: Path) -> None:
    tamper(copy)
    assert refused(copy) == code


def test_another_version_than_the_one_recorded_is_refused(copy: Path) -> None:
    digest = open_version(copy).digest
    assert open_version(copy, digest=digest).digest == digest
    (copy / "README.md").write_text("another model")
    reseal(copy)
    with pytest.raises(BundleError, match="MW-B107"):
        open_version(copy, digest=digest)


def test_a_version_changed_after_opening_is_noticed(copy: Path) -> None:
    version = open_version(copy)
    version.verify()
    (copy / "README.md").write_text("another model")
    with pytest.raises(BundleError, match="MW-B107"):
        version.verify()


# a manifest made to deceive


def in_manifest(change: Callable[[dict], object]) -> Tamper:
    def tamper(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text())
        change(manifest)
        write_manifest(folder, manifest)

    return tamper


def rename_first(name: str) -> Tamper:
    return in_manifest(lambda m: m["files"][0].update(name=name))


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (rename_first("../../etc/passwd"), "MW-B104"),
        (rename_first("/etc/passwd"), "MW-B104"),
        (rename_first("model/../plan.json"), "MW-B104"),
        (rename_first("C:\\windows"), "MW-B104"),
        (rename_first("a" * 300), "MW-B104"),
        (rename_first("nul\0"), "MW-B104"),
        (rename_first(""), "MW-B104"),
        (rename_first("manifest.json"), "MW-B102"),
        (rename_first("plan.json"), "MW-B102"),
        (in_manifest(lambda m: m.update(format=2)), "MW-B103"),
        (in_manifest(lambda m: m.update(format="1")), "MW-B103"),
        (in_manifest(lambda m: m.update(format=True)), "MW-B103"),
        (in_manifest(lambda m: m.pop("format")), "MW-B103"),
        (in_manifest(lambda m: m.pop("files")), "MW-B102"),
        (in_manifest(lambda m: m.update(files={"a": 1})), "MW-B102"),
        (in_manifest(lambda m: m.update(version=-1)), "MW-B102"),
        (in_manifest(lambda m: m["rows"].update(used=-5)), "MW-B102"),
        (in_manifest(lambda m: m["files"][0].update(size=10**15)), "MW-B109"),
        (in_manifest(lambda m: m["files"][0].update(size=10**400)), "MW-B109"),
        (in_manifest(lambda m: [entry.update(size=10**4299 * 9) for entry in m["files"]]), "MW-B109"),
        (in_manifest(lambda m: m["files"][0].update(size=-1)), "MW-B102"),
        (in_manifest(lambda m: m.update(version=10**30)), "MW-B102"),
        (in_manifest(lambda m: m["rows"].update(used=10**30)), "MW-B102"),
        (in_manifest(lambda m: m.update(target="\ud800")), "MW-B110"),
        (in_manifest(lambda m: m["files"][0].update(digest="md5:0")), "MW-B102"),
        (in_manifest(lambda m: m["score"].update(value="good")), "MW-B102"),
        (in_manifest(lambda m: m.update(objective="regress")), "MW-B102"),
        (in_manifest(lambda m: m["files"].pop(-1)), "MW-B105"),
        (lambda f: write_manifest(f, b"[1, 2]"), "MW-B103"),
        (lambda f: write_manifest(f, b'{"format": 1, "format": 1}'), "MW-B110"),
        (lambda f: write_manifest(f, b'{"format": NaN}'), "MW-B110"),
        (lambda f: write_manifest(f, b'{"a":' * 50_000 + b"1" + b"}" * 50_000), "MW-B110"),
        (lambda f: write_manifest(f, b"\x80\x04K\x01."), "MW-B110"),
    ],
)
def test_a_deceiving_manifest_is_refused(tamper: Tamper, code: str, copy: Path) -> None:
    tamper(copy)
    assert refused(copy) == code


# content made to deceive, with every digest right


def in_plan(change: Callable[[dict], object], name: str = "plan.json") -> Tamper:
    def tamper(folder: Path) -> None:
        plan = json.loads((folder / name).read_text())
        change(plan)
        (folder / name).write_text(json.dumps(plan))

    return tamper


def as_text(name: str, content: str | bytes) -> Tamper:
    return lambda f: (f / name).write_bytes(content if isinstance(content, bytes) else content.encode()) and None


def in_arrays(name: str, change: Callable[[dict[str, np.ndarray]], object]) -> Tamper:
    def tamper(folder: Path) -> None:
        arrays = dict(read_arrays(folder / name))
        change(arrays)
        write_arrays(folder / name, arrays)

    return tamper


def object_arrays(name: str) -> Tamper:
    return lambda f: np.savez(f / name, x=np.array([{"a": 1}], object))


def set_weight(value: float) -> Tamper:
    return in_plan(lambda p: p["members"][0].update(weight=value))


def first_op(**changes: object) -> Tamper:
    return in_plan(lambda p: p["views"]["mixed"]["ops"][0].update(changes))


def scorer(**changes: object) -> Tamper:
    return in_plan(lambda p: p["members"][0]["scorer"].update(changes))


@pytest.mark.parametrize(
    "tamper",
    [
        set_weight(float("nan")),
        set_weight(float("inf")),
        set_weight(-0.5),
        set_weight(0.9),
        in_plan(lambda p: p["members"][0].update(weight="0.5")),
        in_plan(lambda p: p.update(format=7)),
        in_plan(lambda p: p.update(extra="field")),
        in_plan(lambda p: p.pop("views")),
        in_plan(lambda p: p.update(members=[])),
        in_plan(lambda p: p.update(members=p["members"] * 500)),
        in_plan(lambda p: p.update(classes=["no", "no"])),
        in_plan(lambda p: p.update(classes=["a", "b", "c"])),
        in_plan(lambda p: p.update(objective="__import__('os')")),
        in_plan(lambda p: p.update(threshold=7)),
        in_plan(lambda p: p.update(transform={"name": "eval", "low": None, "high": None})),
        in_plan(lambda p: p.update(transform={"name": "log1p", "low": None, "high": None})),
        in_plan(lambda p: p.update(calibrator={"kind": "os.system"})),
        in_plan(lambda p: p.update(calibrator={"kind": "sigmoid", "slope": -1.0, "offset": 0.0})),
        in_plan(lambda p: p["members"][0].update(view="nowhere")),
        in_plan(lambda p: p["members"][0].update(view="mixed")),
        first_op(op="exec"),
        first_op(op=["numbers"]),
        first_op(inputs=["no such column"]),
        first_op(names=[]),
        first_op(categorical=[99]),
        scorer(scorer="pickle"),
        scorer(files=["../../../etc/passwd"]),
        scorer(files=["/etc/passwd"]),
        scorer(files=["m001.npz"]),
        scorer(files=[]),
        scorer(files="m000.npz"),
        scorer(n_classes=3),
        scorer(n_classes=10**12),
        as_text("plan.json", '{"format": 1, "format": 1}'),
        as_text("plan.json", "[" * 200_000),
        as_text("plan.json", "null"),
        as_text("plan.npz", pickle.dumps({"a": 1})),
        as_text("model/m000.npz", pickle.dumps({"a": 1})),
        as_text("contract.json", '{"columns": [], "rows_seen": 1}'),
        as_text("contract.json", "[]"),
        in_plan(lambda c: c["columns"][0].update(kind="category"), "contract.json"),
        in_plan(lambda c: c["columns"].append(c["columns"][0]), "contract.json"),
        in_plan(lambda c: c["columns"][0].update(minimum="low"), "contract.json"),
        object_arrays("plan.npz"),
        object_arrays("model/m000.npz"),
        in_arrays("plan.npz", lambda a: a.update({"9:0.table": np.zeros(3)})),
        in_arrays("plan.npz", lambda a: a.clear()),
        in_arrays("plan.npz", lambda a: a.update({"0:1.table": np.zeros((2, 2))})),
        in_arrays("model/m000.npz", lambda a: a.update(coef=np.zeros((50, 1)))),
        in_arrays("model/m000.npz", lambda a: a.update(coef=np.full((2, 1), np.nan))),
        in_arrays("model/m000.npz", lambda a: a.update(intercept=np.array([np.inf]))),
        swap("model/m000.npz", "model/m001.npz"),
        swap("plan.npz", "model/m001.npz"),
    ],
)
def test_deceiving_content_is_refused(tamper: Tamper, copy: Path) -> None:
    tamper(copy)
    reseal(copy)
    refused(copy)


@pytest.mark.parametrize(
    ("name", "tamper"),
    [
        ("golden.json", as_text("golden.json", "{}")),
        ("golden.json", in_plan(lambda g: g["rows"]["age"].pop(), "golden.json")),
        ("golden.json", in_plan(lambda g: g.update(about=[]), "golden.json")),
        ("golden.json", in_plan(lambda g: g["answers"].clear(), "golden.json")),
        ("golden.json", in_plan(lambda g: g["answers"]["probability_yes"].__setitem__(1, "much"), "golden.json")),
        ("golden.json", in_plan(lambda g: g["answers"]["prediction"].__setitem__(1, 0.5), "golden.json")),
        ("profile.json", as_text("profile.json", '{"n_rows": "many"}')),
    ],
)
def test_deceiving_companions_are_refused_when_used(name: str, tamper: Tamper, copy: Path) -> None:
    tamper(copy)
    reseal(copy)
    version = open_version(copy)
    with pytest.raises(BundleError, match=name):
        version.self_test() if name == "golden.json" else version.profile


def test_other_answers_in_the_golden_file_are_noticed(copy: Path) -> None:
    in_plan(lambda g: g["answers"]["probability_yes"].reverse(), "golden.json")(copy)
    reseal(copy)
    with pytest.raises(BundleError, match="MW-B118"):
        open_version(copy).self_test()
