"""Tampered versions, all refused: what a digest shows before anything is built, and what an attacker who makes every
digest right again has put into a model, before the library of that model sees a byte of it.

`test_hostility` has more of the JSON documents; `fuzzing` damages native files at random.
"""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import re
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.data.profile import Profile
from modelwright.documents import digest_file
from modelwright.errors import BundleError
from modelwright.package import manifest, verifying
from modelwright.package.bundle import open_version
from modelwright.package.manifest import MANIFEST, SEAL, read_manifest
from modelwright.package.verifying import verify_folder
from modelwright.package.writing import write_version
from modelwright.runtime import scorers, storage, tree_engine
from modelwright.runtime.scorers import flatbuffer
from modelwright.runtime.storage import read_arrays, write_arrays
from modelwright.runtime.views import ViewPlan
from tests.package.fitting import fitted
from tests.package.fuzzing import fuzz_apart
from tests.package.test_bundle import facts
from tests.package.test_hostility import in_manifest, in_plan, link, reseal, swap, write_manifest

Tamper = Callable[[Path], object]

LEARNERS = ("lightgbm", "xgboost", "catboost", "random_forest")
TEXT, UBJ, CBM, FOREST = "model/m000.txt", "model/m001.ubj", "model/m002.cbm", "model/m003.npz"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real version with a model of each native format."""
    place = tmp_path_factory.mktemp("original") / "1"
    plan, _, _ = fitted(LEARNERS, 3, iterations=4)
    write_version(place, plan, facts=facts(), profile=Profile(n_rows=200, columns=()), seed=0)
    for path in place.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    place = tmp_path / "1"
    shutil.copytree(original, place)
    return place


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was built: operations and models by name, and native libraries that were given bytes to parse."""
    import catboost
    import xgboost

    found: list[str] = []

    def spy(place: object, name: str, told: Callable[..., str]) -> None:
        really = getattr(place, name)

        @functools.wraps(really)
        def wrapped(*args: object, **kwargs: object) -> object:
            found.append(told(*args))
            return really(*args, **kwargs)

        monkeypatch.setattr(
            place, name, staticmethod(wrapped) if isinstance(place, type) and name == "build" else wrapped
        )

    spy(scorers, "load", lambda settings, folder: f"model {settings.get('scorer')}")
    spy(ViewPlan, "build", lambda *args: "view")
    spy(tree_engine, "_call", lambda name, *args: TEXT if "LoadModel" in name else name)
    spy(xgboost.Booster, "load_model", lambda *args: UBJ)
    spy(catboost.CatBoost, "load_model", lambda *args: CBM)
    return found


def refused(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_version(folder)
    assert caught.value.fix and re.fullmatch(r"MW-B[15]\d\d", caught.value.code)
    return caught.value.code


def test_the_untouched_copy_opens(copy: Path, built: list[str]) -> None:
    assert {TEXT, UBJ, CBM, FOREST} <= {p.relative_to(copy).as_posix() for p in copy.rglob("*")}
    reseal(copy)
    assert open_version(copy).self_test().max_difference <= 1e-9
    assert {TEXT, UBJ, CBM, "view", "model forest"} <= set(built)  # so the spies see


# what a digest shows


def flip(name: str, at: float) -> Tamper:
    """Flip a bit at a share of the file."""

    def tamper(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[int(at * (len(content) - 1))] ^= 0x10
        (folder / name).write_bytes(content)

    return tamper


def cut(name: str, share: float) -> Tamper:
    return lambda f: os.truncate(f / name, int(share * (f / name).stat().st_size))


def append(name: str, more: bytes) -> Tamper:
    return lambda f: (f / name).write_bytes((f / name).read_bytes() + more)


def add(name: str, content: bytes = b"x") -> Tamper:
    return lambda f: (f / name).write_bytes(content)


def hard_link(name: str) -> Tamper:
    """A second name of a file that somebody else goes on writing."""

    def tamper(folder: Path) -> None:
        away = folder.parent / "away"
        shutil.copyfile(folder / name, away)
        (folder / name).unlink()
        os.link(away, folder / name)
        with open(away, "r+b") as handle:
            handle.write(b"changed later")

    return tamper


def special(name: str, make: Callable[[Path], object]) -> Tamper:
    def tamper(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return tamper


def bind(path: Path) -> None:
    place = os.getcwd()
    os.chdir(path.parent)  # names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(place)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o020644, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only the superuser makes devices")


def other_case(folder: Path) -> None:
    (folder / "plan.json").rename(folder / "PLAN.json")
    if (folder / "plan.json").exists():
        pytest.skip("names differ by case only, which this disk does not tell apart")


PLAIN = ("contract.json", "plan.json", "plan.npz", "profile.json", "golden.json", "README.md", "sbom.cdx.json")
VISIBLE: dict[str, Tamper] = {
    **{f"a bit of {name}": flip(name, 0.5) for name in (*PLAIN, MANIFEST, SEAL, TEXT, UBJ, CBM, FOREST)},
    **{f"the last bit of {name}": flip(name, 1.0) for name in (TEXT, UBJ, CBM, FOREST)},
    **{f"half of {name}": cut(name, 0.5) for name in ("plan.json", MANIFEST, TEXT, CBM)},
    **{f"nothing of {name}": cut(name, 0.0) for name in ("plan.npz", SEAL, UBJ)},
    **{f"more after {name}": append(name, b"\n") for name in ("plan.json", SEAL, TEXT, UBJ, CBM)},
    **{f"{name} is missing": (lambda f, n=name: (f / n).unlink()) for name in ("golden.json", CBM, SEAL)},
    **{f"an added {name!r}": add(name) for name in ("sitecustomize.py", ".hidden", "model/m004.txt", "plan.json ")},
    "an added name that looks alike": add("p\u0430an.json"),
    "an added pickle": add("model.pkl", pickle.dumps({"a": 1})),
    "files of two models swapped": swap(TEXT, UBJ),
    "a terabyte of nothing": lambda f: os.truncate(f / "plan.npz", 1 << 40),
    "a link to a file": link(TEXT),
    "a link to the signed manifest": link(MANIFEST),
    "a hard link written later": hard_link("plan.json"),
    "a pipe": special("plan.npz", os.mkfifo),
    "a socket": special(UBJ, bind),
    "a device": special("golden.json", device),
    "a folder in the place of a file": special("plan.json", lambda p: (p / "a").mkdir(parents=True)),
    "another case": other_case,
}


@pytest.mark.parametrize("what", VISIBLE)
def test_what_a_digest_shows(what: str, copy: Path, built: list[str]) -> None:
    VISIBLE[what](copy)
    assert refused(copy) in {"MW-B101", "MW-B104", "MW-B105", "MW-B106", "MW-B107", "MW-B108", "MW-B109"}
    assert built == []


def test_a_hard_link_counts_for_its_bytes(copy: Path) -> None:
    """Copies that share their files (backups, image layers) serve; a change through the other name is noticed."""
    os.link(copy / "plan.json", copy.parent / "away")
    version = open_version(copy)
    with open(copy.parent / "away", "r+b") as handle:
        handle.write(b"changed later")
    with pytest.raises(BundleError, match="MW-B107"):
        version.verify()


# a manifest made right again, that lies


def entry(**changes: object) -> Tamper:
    return in_manifest(lambda m: m["files"][0].update(changes))


def listed_twice(case: bool) -> Tamper:
    def tamper(folder: Path) -> None:
        name = "README.md".swapcase() if case else "README.md"
        shutil.copyfile(folder / "README.md", folder / name) if case else None
        in_manifest(lambda m: m["files"].append({"name": name, "digest": "", "size": 0}))(folder)
        reseal(folder)

    return tamper


def raw_manifest(change: Callable[[bytes], bytes]) -> Tamper:
    return lambda f: write_manifest(f, change((f / MANIFEST).read_bytes()))


ODD_NAMES = ("../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "a\0b", "caf\u00e9", "a\u202eb", "", ".x", "~/x")
LYING: dict[str, Tamper] = {
    **{
        f"the name {name!r}": entry(name=name)
        for name in (
            "../../etc/passwd",
            "/etc/passwd",
            "a/../../b",
            "C:\\x",
            "a\0b",
            "caf\u00e9",
            "a\u202eb",
            "",
            ".x",
            "~/x",
        )
    },
    "a name longer than names are": entry(name="a" * 5000),
    "a file twice": listed_twice(case=False),
    "two names that differ by case": listed_twice(case=True),
    "another format": in_manifest(lambda m: m.update(format=99)),
    "a size without end": entry(size=10**30),
    "a negative size": entry(size=-1),
    "a million files": in_manifest(lambda m: m.update(files=m["files"][:1] * 20_000)),
    "a key twice": raw_manifest(lambda c: b'{"format": 1,' + c.lstrip()[1:]),
    "an infinite number": raw_manifest(lambda c: c.replace(b'"format": 1', b'"format": 1e999')),
    "bytes before it": raw_manifest(lambda c: b"\xef\xbb\xbf" + c),
    "a pickle": raw_manifest(lambda c: pickle.dumps(json.loads(c))),
}


@pytest.mark.parametrize("what", LYING)
def test_a_manifest_that_lies(what: str, copy: Path, built: list[str]) -> None:
    LYING[what](copy)
    assert refused(copy) in {"MW-B102", "MW-B103", "MW-B104", "MW-B109", "MW-B110"}
    assert built == []


# malicious content, every digest right


def as_bytes(name: str, content: bytes) -> Tamper:
    return lambda f: (f / name).write_bytes(content)


class Payload:
    """What a pickle runs when it is loaded: the test would fail."""

    def __reduce__(self) -> tuple:
        return (pytest.fail, ("a pickle was loaded",))


def objects(name: str) -> Tamper:
    def tamper(folder: Path) -> None:
        np.savez(folder / name, coef=np.array([Payload()], object))

    return tamper


def zipped(name: str, entries: dict[str, bytes], **changes: int) -> Tamper:
    def tamper(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in entries.items():
                archive.writestr(inside, content)

    return tamper


def bomb(name: str) -> Tamper:
    """An array of eight gigabytes in a file of a few kilobytes: a size stated, but not there."""

    def tamper(folder: Path) -> None:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 30,)})
        zipped(name, {"coef.npy": header.getvalue() + b"\0" * (32 << 20)})(folder)

    return tamper


def in_text(old: str, new: str, count: int = 1) -> Tamper:
    def tamper(folder: Path) -> None:
        text = (folder / TEXT).read_text()
        assert re.search(old, text), old
        (folder / TEXT).write_text(re.sub(old, new, text, count=count))

    return tamper


def in_ubj(key: str, at: int, value: float) -> Tamper:
    """Change a number in the first tree's array of that name."""

    def tamper(folder: Path) -> None:
        content = bytearray((folder / UBJ).read_bytes())
        start = content.index(b"L" + struct.pack(">q", len(key)) + key.encode() + b"[$") + 9 + len(key) + 2
        kind = {b"l": ">i", b"d": ">f", b"U": ">B"}[bytes(content[start : start + 1])]
        struct.pack_into(kind, content, start + 11 + at * struct.calcsize(kind), value)
        (folder / UBJ).write_bytes(content)

    return tamper


def ubj_text(old: bytes, new: bytes) -> Tamper:
    def tamper(folder: Path) -> None:
        content = (folder / UBJ).read_bytes()
        assert old in content and len(old) == len(new)
        (folder / UBJ).write_bytes(content.replace(old, new))

    return tamper


def in_cbm(field: int, at: int, kind: str, value: float) -> Tamper:
    """Change a number in a vector of the trees' table; ``at`` counts from the vector's length, -1, on."""

    def tamper(folder: Path) -> None:
        content = bytearray((folder / CBM).read_bytes())
        core = bytes(content[8 : 8 + struct.unpack_from("<I", content, 4)[0]])
        place = flatbuffer.root(core).table(1)._place(field)
        assert place is not None
        start = 8 + flatbuffer._follow(core, place)
        here = start if at < 0 else start + 4 + at * struct.calcsize(kind)
        struct.pack_into(kind, content, here, value)
        (folder / CBM).write_bytes(content)

    return tamper


def cbm_statistics(change: Callable[[bytearray, int], object]) -> Tamper:
    """Change what lies behind the core: the tables of category statistics."""

    def tamper(folder: Path) -> None:
        content = bytearray((folder / CBM).read_bytes())
        start = 8 + struct.unpack_from("<I", content, 4)[0]
        change(content, start)
        (folder / CBM).write_bytes(content)

    return tamper


def put(at: object, value: object) -> Callable[[np.ndarray], None]:
    def change(array: np.ndarray) -> None:
        array[at] = value

    return change


def in_forest(name: str, change: Callable[[np.ndarray], object]) -> Tamper:
    def tamper(folder: Path) -> None:
        arrays = {k: v.copy() for k, v in read_arrays(folder / FOREST).items()}
        change(arrays[name])
        write_arrays(folder / FOREST, arrays)

    return tamper


PICKLE = pickle.dumps(Payload())
PICKLED = (TEXT, UBJ, CBM, FOREST, "plan.npz", "plan.json")
ONE = struct.pack(">q", 1)


def first_op(plan: dict) -> dict:
    return next(iter(plan["views"].values()))["ops"][0]


MALICIOUS: dict[str, tuple[str, Tamper]] = {
    **{f"a pickle named {name}": (name, as_bytes(name, PICKLE)) for name in PICKLED},
    "an array of objects": ("plan.npz", objects("plan.npz")),
    "an array of objects in a model": (FOREST, objects(FOREST)),
    "a bomb": (FOREST, bomb(FOREST)),
    "an archive that leaves its folder": (FOREST, zipped(FOREST, {"../../evil.npy": b"x"})),
    "an archive with code": (FOREST, zipped(FOREST, {"coef.py": b"print(1)"})),
    "two models swapped": (TEXT, swap(TEXT, UBJ)),
    "an operation of its own": (
        "plan.json",
        in_plan(lambda p: first_op(p).update(op="os.system")),
    ),
    "a decision of its own": ("plan.json", in_plan(lambda p: p.update(decision={"kind": "os.system"}))),
    "a decision of another size": (
        "plan.json",
        in_plan(lambda p: p.update(decision={"kind": "best worth", "payoff": [[1.0], [2.0, float("inf")]]})),
    ),
    "a decision that is none": ("plan.json", in_plan(lambda p: p.update(decision={"kind": "moved", "factor": []}))),
    "a weight that is no number": ("plan.json", in_plan(lambda p: p["members"][0].update(weight=float("nan")))),
    "a file elsewhere": (TEXT, in_plan(lambda p: p["members"][0]["scorer"].update(files=["../../x.txt"]))),
    "a forest: a child outside": (FOREST, in_forest("left", put(0, 1 << 30))),
    "a forest: a circle": (FOREST, in_forest("left", put(3, 0))),
    "a forest: a leaf that is no number": (FOREST, in_forest("value", put((0, 0), np.nan))),
    "a forest: an infinite threshold": (FOREST, in_forest("threshold", put(0, np.nan))),
    "LightGBM: a size that leads outside": (TEXT, in_text(r"tree_sizes=\d+", "tree_sizes=99999999999")),
    "LightGBM: a size that is smaller": (TEXT, in_text(r"tree_sizes=\d+", "tree_sizes=12")),
    "LightGBM: more classes than room": (TEXT, in_text(r"num_class:3", "num_class:300000")),
    "LightGBM: more outputs than classes": (TEXT, in_text(r"num_tree_per_iteration=3", "num_tree_per_iteration=12")),
    "LightGBM: a child outside": (TEXT, in_text(r"left_child=-?\d+", "left_child=5000")),
    "LightGBM: a leaf outside": (TEXT, in_text(r"right_child=-?\d+", "right_child=-5000")),
    "LightGBM: a circle": (TEXT, in_text(r"left_child=-?\d+", "left_child=0")),
    "LightGBM: a feature outside": (TEXT, in_text(r"split_feature=\d+", "split_feature=7777")),
    "LightGBM: a negative feature": (TEXT, in_text(r"split_feature=\d+", "split_feature=-7")),
    "LightGBM: leaves without end": (TEXT, in_text(r"num_leaves=\d+", "num_leaves=2000000000")),
    "LightGBM: categories that are not there": (TEXT, in_text(r"decision_type=\d+", "decision_type=1")),
    "LightGBM: a leaf that is no number": (TEXT, in_text(r"leaf_value=\S+", "leaf_value=nan")),
    "LightGBM: an infinite threshold": (TEXT, in_text(r"threshold=\S+", "threshold=inf")),
    "LightGBM: a line twice": (TEXT, in_text(r"\nnum_cat=0", "\nnum_cat=0\nnum_cat=9")),
    "LightGBM: a tree without its end": (TEXT, in_text(r"\n\n\nTree=1\n", "\nTree=1\n")),
    "LightGBM: linear leaves": (TEXT, in_text(r"is_linear=0", "is_linear=1")),
    "LightGBM: other line ends": (TEXT, in_text(r"num_cat=0", "num_cat=0\rnum_cat=1")),
    "XGBoost: a child outside": (UBJ, in_ubj("left_children", 0, 1 << 30)),
    "XGBoost: a negative child": (UBJ, in_ubj("right_children", 0, -7)),
    "XGBoost: a circle": (UBJ, in_ubj("left_children", 0, 0)),
    "XGBoost: a parent outside": (UBJ, in_ubj("parents", 1, 1 << 30)),
    "XGBoost: a feature outside": (UBJ, in_ubj("split_indices", 0, 1 << 30)),
    "XGBoost: a threshold that is no number": (UBJ, in_ubj("split_conditions", 0, float("nan"))),
    "XGBoost: categories": (UBJ, in_ubj("split_type", 0, 1)),
    "XGBoost: a group outside": (UBJ, ubj_text(b"multi:softprob", b"rank:xpairwise")),
    "XGBoost: features without end": (UBJ, ubj_text(b"num_featureSL", b"num_featurEsL")),
    "XGBoost: a length without end": (UBJ, ubj_text(b"[$l#L\0\0\0\0", b"[$l#L\x7f\0\0\0")),
    "XGBoost: nested without end": (UBJ, as_bytes(UBJ, (b"[#L" + ONE) * 10_000)),
    "XGBoost: more after its end": (UBJ, append(UBJ, b"{}")),
    "CatBoost: a split outside": (CBM, in_cbm(1, 0, "<i", 1 << 30)),
    "CatBoost: a negative split": (CBM, in_cbm(1, 0, "<i", -1)),
    "CatBoost: a tree too deep": (CBM, in_cbm(2, 0, "<i", 31)),
    "CatBoost: a tree that starts outside": (CBM, in_cbm(3, 1, "<i", 1 << 30)),
    "CatBoost: a leaf that is no number": (CBM, in_cbm(8, 0, "<d", float("nan"))),
    "CatBoost: fewer leaves than there should be": (CBM, in_cbm(8, -1, "<I", 4)),
    "CatBoost: a vector without end": (CBM, in_cbm(8, -1, "<I", 0x7FFFFFFF)),
    "CatBoost: a byte outside the row": (CBM, in_cbm(17, 0, "<H", 0xFFFF)),
    "CatBoost: a feature left out": (CBM, in_cbm(5, -1, "<I", 0)),
    "CatBoost: a core without end": (CBM, cbm_statistics(lambda c, start: struct.pack_into("<I", c, 4, 0xFFFFFFF0))),
    "CatBoost: an offset outside": (CBM, cbm_statistics(lambda c, start: struct.pack_into("<I", c, 8, 1 << 30))),
    "CatBoost: parts that were not announced": (CBM, cbm_statistics(lambda c, start: c.extend(b"\1\0\0\0" * 8))),
}


@pytest.mark.parametrize("what", MALICIOUS)
def test_malicious_content_that_is_sealed(what: str, copy: Path, built: list[str]) -> None:
    """The library whose model it is has not been given it."""
    name, tamper = MALICIOUS[what]
    tamper(copy)
    reseal(copy)
    assert refused(copy) in {"MW-B104", "MW-B109", "MW-B110", "MW-B111", "MW-B112", "MW-B114", "MW-B151"} or (
        name == "plan.json"
    )
    assert name not in built


def test_there_are_many() -> None:
    assert len(VISIBLE) + len(LYING) + len(MALICIOUS) >= 40


# at random


def read_views(folder: Path) -> Mapping[str, ViewPlan]:
    return open_version(folder).plan.views


@pytest.fixture(scope="module")
def models(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    plan = json.loads((original / "plan.json").read_text())
    for member in plan["members"][:3]:
        place = folder / member["scorer"]["scorer"]
        place.mkdir()
        name = member["scorer"]["files"][0]
        shutil.copyfile(original / "model" / name, place / name)
        width = len(read_views(original)[member["view"]].names)
        (place / "settings.json").write_text(json.dumps({**member["scorer"], "n_features": width}))
    return folder


def test_no_damage_crashes_a_library(models: Path) -> None:
    told = fuzz_apart(models, 0, 600)
    assert told["refused"] > 300 and told["scored"] > 10
    assert sum(told.values()) == 600


@pytest.mark.slow
def test_no_damage_crashes_a_library_for_long(models: Path) -> None:
    told = fuzz_apart(models, 10_000, 10_000)
    assert sum(told.values()) == 10_000


def test_the_manifest_that_was_digested_is_the_one_that_is_parsed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one laid in its place between the two is not looked at."""

    def read_and_swap(path: Path, limit: int) -> bytes:
        content = storage.read_bytes(path, limit)
        if path.name == SEAL:
            (copy / MANIFEST).write_text("{}")
        return content

    before = read_manifest(copy)
    monkeypatch.setattr(manifest, "read_bytes", read_and_swap)
    assert read_manifest(copy) == before
    assert (copy / MANIFEST).read_text() == "{}"


def test_the_manifest_that_was_signed_is_the_one_that_is_parsed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with a seal of its own, laid in its place once the signature was checked, is not believed."""
    names = [path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()]
    signed = {name: digest_file(copy / name) for name in names}
    assert verify_folder(copy, signed=signed)[0].target != "another"
    check = verifying._check_signed

    def check_and_swap(*arguments: Any) -> None:
        check(*arguments)
        in_manifest(lambda m: m.update(target="another"))(copy)

    monkeypatch.setattr(verifying, "_check_signed", check_and_swap)
    with pytest.raises(BundleError) as caught:
        verify_folder(copy, signed=signed)
    assert caught.value.code == "MW-B123"
