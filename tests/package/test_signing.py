"""Signatures: our own, those of the reference implementation, and everything that must not pass for one."""

from __future__ import annotations

import base64
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from model_signing import hashing, signing, verifying

from modelwright.errors import BundleError, ModelwrightError, UsageError
from modelwright.package.bundle import open_version
from modelwright.package.manifest import MANIFEST, SEAL
from modelwright.package.signature import pre_authentication
from modelwright.package.signing import make_key, sign_version, verify_signature
from modelwright.package.verifying import SIGNATURE, verify_folder
from modelwright.package.writing import write_version
from tests.package.building import PROFILE, classifier
from tests.package.test_bundle import facts
from tests.package.test_hostility import reseal


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("original") / "1"
    write_version(place, classifier(), facts=facts(), profile=PROFILE, seed=0)
    return place


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    make_key(path)
    return path


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    place = tmp_path / "1"
    shutil.copytree(original, place)
    for path in place.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


def public(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


def write_pair(folder: Path, private: object) -> Path:
    """Write a key of any kind and its public half."""
    path = folder / "own.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public(path).write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def reference_signs(folder: Path, key: Path) -> None:
    ignored = hashing.Config().set_ignored_paths(paths=[folder / SIGNATURE], ignore_git_paths=True)
    signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(ignored).sign(
        folder, folder / SIGNATURE
    )


def reference_verifies(folder: Path, key: Path) -> None:
    verifying.Config().use_elliptic_key_verifier(public_key=public(key)).verify(folder, folder / SIGNATURE)


def refused(folder: Path, key: Path, code: str) -> BundleError:
    """Both ways of asking refuse, for the same reason."""
    with pytest.raises(BundleError) as opening:
        open_version(folder, public_key=public(key))
    with pytest.raises(BundleError) as verifying:
        verify_signature(folder, public(key))
    assert opening.value.code == verifying.value.code == code and opening.value.fix
    return opening.value


# the key


def test_a_key_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made, fingerprint = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and made == public(path)
    assert len(fingerprint) == 64 and b"PRIVATE" in path.read_bytes() and b"PRIVATE" not in made.read_bytes()
    before = path.read_bytes()
    for gone in (None, made, path):
        if gone is not None:
            gone.rename(tmp_path / "away")
        if gone is path:
            path.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="MW-U061"):
            make_key(path)
        if gone is not None:
            gone.unlink(missing_ok=True)
            (tmp_path / "away").rename(gone)
    assert path.read_bytes() == before


def test_a_key_with_a_password(copy: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    make_key(key, password="a secret")
    for wrong in (None, "another"):
        with pytest.raises(UsageError, match="MW-U060") as caught:
            sign_version(copy, key, password=wrong)
        assert "secret" not in str(caught.value)
    sign_version(copy, key, password="a secret")
    verify_signature(copy, public(key))


def test_keys_that_cannot_be_used(copy: Path, key: Path, tmp_path: Path) -> None:
    odd = [
        write_pair(tmp_path / name, made)
        for name, made in {
            "rsa": rsa.generate_private_key(65537, 2048),
            "ed": ed25519.Ed25519PrivateKey.generate(),
            "k1": ec.generate_private_key(ec.SECP256K1()),
        }.items()
        if (tmp_path / name).mkdir() is None
    ]
    for path in (*odd, tmp_path / "missing", tmp_path, copy / "README.md", public(key)):
        with pytest.raises(UsageError, match="MW-U060"):
            sign_version(copy, path)
    sign_version(copy, key)
    for path in (*map(public, odd), tmp_path / "missing", tmp_path, copy / "README.md", key):
        with pytest.raises(UsageError, match="MW-U060"):
            open_version(copy, public_key=path)


# signing and verifying


def test_a_signed_version_opens_and_nothing_else_changed(copy: Path, key: Path) -> None:
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    made = sign_version(copy, key)
    after = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    content = after.pop(copy / SIGNATURE)
    assert before == after and made.files == len(before) and b"\n" not in content[:-1]
    assert sorted(p.name for p in copy.parent.iterdir()) == ["1"]  # no temporary file stays behind
    assert stat.S_IMODE((copy / SIGNATURE).stat().st_mode) == 0o444
    version = open_version(copy, public_key=public(key), require_signature=True)
    assert version.signature == made == verify_signature(copy, public(key))
    assert version.self_test().max_difference <= 1e-12
    assert open_version(copy).signature is None  # without a key nothing is claimed


def test_every_file_is_covered(copy: Path, key: Path) -> None:
    sign_version(copy, key)
    statement = json.loads(base64.b64decode(json.loads((copy / SIGNATURE).read_text())["dsseEnvelope"]["payload"]))
    listed = {r["name"] for r in statement["predicate"]["resources"]}
    assert listed == {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()} - {SIGNATURE}
    assert {MANIFEST, SEAL} <= listed
    assert statement["predicate"]["serialization"] == {
        "method": "files",
        "hash_type": "sha256",
        "allow_symlinks": False,
        "ignore_paths": ["model.sig", "registered_model_meta"],
    }


def test_it_may_be_signed_again_with_another_key(copy: Path, key: Path, tmp_path: Path) -> None:
    sign_version(copy, key)
    other = tmp_path / "other.pem"
    make_key(other)
    sign_version(copy, other)
    verify_signature(copy, public(other))
    refused(copy, key, "MW-B122")


def test_a_changed_version_is_not_signed(copy: Path, key: Path) -> None:
    (copy / "README.md").write_text("another model")
    with pytest.raises(BundleError, match="MW-B107"):
        sign_version(copy, key)
    assert not (copy / SIGNATURE).exists()


def test_without_a_signature_or_without_a_key(copy: Path, key: Path) -> None:
    refused(copy, key, "MW-B120")
    with pytest.raises(UsageError, match="MW-U062"):
        open_version(copy, require_signature=True)


# the reference implementation


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_the_reference_verifies_what_we_sign(copy: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    own = write_pair(tmp_path, ec.generate_private_key(curve))
    assert sign_version(copy, own).curve == curve.name
    reference_verifies(copy, own)
    (copy / "README.md").write_text("another model")
    with pytest.raises(ValueError, match=r"README\.md"):
        reference_verifies(copy, own)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_we_verify_what_the_reference_signs(copy: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    own = write_pair(tmp_path, ec.generate_private_key(curve))
    reference_signs(copy, own)
    reference_verifies(copy, own)
    version = open_version(copy, public_key=public(own))
    assert version.signature is not None and version.signature.curve == curve.name
    (copy / "README.md").write_text("another model")
    refused(copy, own, "MW-B107")
    reseal(copy)
    refused(copy, own, "MW-B123")


def test_both_write_the_same_statement(copy: Path, key: Path) -> None:
    def statement() -> dict:
        bundle = json.loads((copy / SIGNATURE).read_text())
        assert bundle["verificationMaterial"]["publicKey"]["hint"]
        return json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))

    sign_version(copy, key)
    ours = statement()
    (copy / SIGNATURE).unlink()
    reference_signs(copy, key)
    theirs = statement()
    ignored = theirs["predicate"]["serialization"].pop("ignore_paths")
    assert SIGNATURE in ignored and SIGNATURE in ours["predicate"]["serialization"].pop("ignore_paths")
    assert ours == theirs


# what must not pass


def in_bundle(change: Callable[[dict], object]) -> Callable[[Path, Path], None]:
    def tamper(folder: Path, key: Path) -> None:
        path = folder / SIGNATURE
        bundle = json.loads(path.read_text())
        change(bundle)
        path.unlink()
        path.write_text(json.dumps(bundle))

    return tamper


def in_statement(change: Callable[[dict], object], *, signed: bool) -> Callable[[Path, Path], None]:
    """Change what is stated; ``signed``: by somebody who has the key."""

    def tamper(folder: Path, key: Path) -> None:
        def rewrite(bundle: dict) -> None:
            envelope = bundle["dsseEnvelope"]
            statement = json.loads(base64.b64decode(envelope["payload"]))
            change(statement)
            payload = json.dumps(statement).encode()
            envelope["payload"] = base64.b64encode(payload).decode()
            if signed:
                private = load_pem_private_key(key.read_bytes(), None)
                sig = private.sign(pre_authentication(payload), ec.ECDSA(hashes.SHA256()))
                envelope["signatures"][0]["sig"] = base64.b64encode(sig).decode()

        in_bundle(rewrite)(folder, key)

    return tamper


def envelope(**changes: object) -> Callable[[Path, Path], None]:
    return in_bundle(lambda b: b["dsseEnvelope"].update(changes))


def content(data: bytes) -> Callable[[Path, Path], None]:
    def tamper(folder: Path, key: Path) -> None:
        (folder / SIGNATURE).unlink()
        (folder / SIGNATURE).write_bytes(data)

    return tamper


def flip(folder: Path, key: Path) -> None:
    path = folder / SIGNATURE
    bundle = json.loads(path.read_text())
    raw = bytearray(base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    envelope(signatures=[{"sig": base64.b64encode(raw).decode()}])(folder, key)


def strip(folder: Path, key: Path) -> None:
    (folder / SIGNATURE).unlink()


def change_and_reseal(folder: Path, key: Path) -> None:
    (folder / "README.md").write_text("another model")
    reseal(folder)


def add_and_reseal(folder: Path, key: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"].append({"name": "more.txt", "digest": "", "size": 0})
    (folder / MANIFEST).write_text(json.dumps(manifest))
    (folder / "more.txt").write_text("more")
    reseal(folder)


def other_key(hint: str | None) -> Callable[[Path, Path], None]:
    """An attacker signs with his own key and states the hint of ours, none, or his own."""

    def tamper(folder: Path, key: Path) -> None:
        ours = json.loads((folder / SIGNATURE).read_text())["verificationMaterial"]["publicKey"]["hint"]
        own = write_pair(folder.parent, ec.generate_private_key(ec.SECP256R1()))
        change_and_reseal(folder, key)
        sign_version(folder, own)
        if hint is not None:
            stated = {"hint": ours} if hint else {}
            in_bundle(lambda b: b["verificationMaterial"].update(publicKey=stated))(folder, key)

    return tamper


def resources(change: Callable[[list], object]) -> Callable[[dict], object]:
    return lambda s: change(s["predicate"]["resources"])


FORGED = {
    "stripped": (strip, "MW-B120"),
    "empty": (content(b""), "MW-B110"),
    "no json": (content(b"\x80\x04K\x01."), "MW-B110"),
    "a key twice": (content(b'{"mediaType": "a", "mediaType": "b"}'), "MW-B110"),
    "too large": (content(b" " * (9 << 20)), "MW-B109"),
    "a list": (content(b"[]"), "MW-B121"),
    "another bundle": (in_bundle(lambda b: b.update(mediaType="x")), "MW-B121"),
    "no envelope": (in_bundle(lambda b: b.pop("dsseEnvelope")), "MW-B121"),
    "a certificate": (in_bundle(lambda b: b.update(verificationMaterial={"certificate": {}})), "MW-B121"),
    "another payload type": (envelope(payloadType="text/plain"), "MW-B121"),
    "no signature in it": (envelope(signatures=[]), "MW-B121"),
    "two signatures": (in_bundle(lambda b: b["dsseEnvelope"]["signatures"].append({"sig": ""})), "MW-B121"),
    "no base64": (envelope(payload="#"), "MW-B121"),
    "an empty signature": (envelope(signatures=[{"sig": ""}]), "MW-B122"),
    "a flipped bit": (flip, "MW-B122"),
    "a changed statement": (in_statement(resources(lambda r: r.pop()), signed=False), "MW-B122"),
    "another key": (other_key(None), "MW-B122"),
    "another key with our hint": (other_key("ours"), "MW-B122"),
    "another key without a hint": (other_key(""), "MW-B122"),
    "a changed file, sealed again": (change_and_reseal, "MW-B123"),
    "a file more, sealed again": (add_and_reseal, "MW-B123"),
    "a file left out": (in_statement(resources(lambda r: r.pop()), signed=True), "MW-B121"),
    "a file twice": (in_statement(resources(lambda r: r.append(r[0])), signed=True), "MW-B121"),
    "a digest that is none": (in_statement(resources(lambda r: r[0].update(digest="zz")), signed=True), "MW-B121"),
    "a weak digest": (in_statement(resources(lambda r: r[0].update(algorithm="md5")), signed=True), "MW-B121"),
    "another predicate": (in_statement(lambda s: s.update(predicateType="x"), signed=True), "MW-B121"),
    "another statement": (in_statement(lambda s: s.update(_type="x"), signed=True), "MW-B121"),
    "no predicate": (in_statement(lambda s: s.pop("predicate"), signed=True), "MW-B121"),
    "two subjects": (in_statement(lambda s: s["subject"].append(s["subject"][0]), signed=True), "MW-B121"),
    "shards": (in_statement(lambda s: s["predicate"]["serialization"].update(method="shards"), signed=True), "MW-B121"),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_must_not_pass(what: str, copy: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper, code = FORGED[what]
    sign_version(copy, key)
    tamper(copy, key)

    def parsed(*args: object) -> None:
        raise AssertionError("the manifest was parsed before the signature was found wrong")

    monkeypatch.setattr("modelwright.package.verifying.read_manifest", parsed)
    refused(copy, key, code)


def test_what_a_registry_adds_changes_nothing(copy: Path, key: Path) -> None:
    sign_version(copy, key)
    (copy / "registered_model_meta").write_text("model_name: x")
    verify_signature(copy, public(key))
    reference_verifies(copy, key)


def test_a_link_is_no_signature(copy: Path, key: Path, tmp_path: Path) -> None:
    sign_version(copy, key)
    (copy / SIGNATURE).rename(tmp_path / "away")
    (copy / SIGNATURE).symlink_to(tmp_path / "away")
    refused(copy, key, "MW-B108")
    with pytest.raises(BundleError, match="MW-B108"):
        open_version(copy)


@pytest.mark.parametrize("name", ["MODEL.SIG", "model/model.sig", "model.sig.bak", ".model.sig"])
def test_only_the_signature_itself_may_be_there(copy: Path, key: Path, name: str) -> None:
    sign_version(copy, key)
    verify_folder(copy)
    (copy / name).write_bytes((copy / SIGNATURE).read_bytes())
    refused(copy, key, "MW-B123")
    with pytest.raises(BundleError, match="MW-B106"):
        open_version(copy)


def test_the_manifest_cannot_list_the_signature(copy: Path) -> None:
    (copy / SIGNATURE).write_text("{}")
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"].append({"name": SIGNATURE, "digest": "sha256:" + "0" * 64, "size": 2})
    (copy / MANIFEST).write_text(json.dumps(manifest))
    reseal(copy)
    with pytest.raises(BundleError, match="MW-B102"):
        open_version(copy)


def test_a_folder_that_cannot_be_written(copy: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelwright.package.signing.os.replace", full)
    with pytest.raises(ModelwrightError, match="MW-P403"):
        sign_version(copy, key)
    assert not (copy / SIGNATURE).exists() and [p.name for p in copy.parent.iterdir()] == ["1"]
