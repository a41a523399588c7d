"""The signature of a version: who vouches for every byte of it.

``model.sig`` is an OpenSSF Model Signing v1.0 signature (https://github.com/ossf/model-signing-spec): a Sigstore
bundle that holds a DSSE envelope (https://github.com/secure-systems-lab/dsse) with an in-toto statement, which lists
the digest of every other file. Made and checked with a local elliptic-curve key: no certificate, no log, no network.

The manifest says that the files belong together, which anybody who may write can make true again; the signature says
who put them there. So it is checked first, and what it states of the manifest before that is parsed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from modelwright.errors import BundleError, UsageError
from modelwright.package.verifying import ADDED_BY_REGISTRIES, SIGNATURE, verify_folder
from modelwright.runtime.storage import RESTORE, malformed, read_json

__all__ = [
    "SignatureFacts",
    "Signed",
    "bundle_of",
    "claimed_key",
    "ecdsa_for",
    "fingerprint",
    "known_curve",
    "load_public_key",
    "pre_authentication",
    "read_key",
    "read_signature",
    "statement_of",
    "unusable",
    "verify_signature",
]

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
MAX_SIGNATURE_BYTES = 8 << 20  # a statement on the 10,000 files a version may have takes some 3 MB
MAX_KEY_BYTES = 64 << 10
CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}  # as Sigstore's key details pair them


@dataclass(frozen=True, kw_only=True)
class SignatureFacts:
    """What a signature that holds says.

    Attributes
    ----------
    key : str
        Fingerprint of the key: SHA-256 of its public half in PEM, in hexadecimal; the hint in the signature.
    curve : str
        ``"secp256r1"`` (P-256), ``"secp384r1"`` or ``"secp521r1"``.
    files : int
        How many files it covers: all but itself.
    """

    key: str
    curve: str
    files: int


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signature that holds, and the digest by name of each file it covers; whether the files agree is not said."""

    facts: SignatureFacts
    digests: Mapping[str, str]


class _PublicKey(msgspec.Struct):
    hint: str | None = None


class _Material(msgspec.Struct, rename="camel"):
    public_key: _PublicKey


class _OneSignature(msgspec.Struct):
    sig: str


class _Envelope(msgspec.Struct, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_OneSignature]


class _Bundle(msgspec.Struct, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: _Envelope


class _Resource(msgspec.Struct):
    name: str
    digest: str
    algorithm: str


class _Serialization(msgspec.Struct):
    method: str
    hash_type: str


class _Predicate(msgspec.Struct):
    serialization: _Serialization
    resources: list[_Resource]


class _Subject(msgspec.Struct):
    digest: dict[str, str]


class _Statement(msgspec.Struct, rename={"kind": "_type", "predicate_type": "predicateType"}):
    """Fields beyond these are ignored, as version 1.0 of the format asks of readers."""

    kind: str
    subject: list[_Subject]
    predicate_type: str
    predicate: _Predicate


def verify_signature(folder: Path, public_key: Path) -> SignatureFacts:
    """Return what the signature of a version says, after checking it and every file against it and the manifest.

    Raises
    ------
    UsageError
        The key cannot be used (MW-U060).
    BundleError
        There is no signature (MW-B120), it is malformed (MW-B121), by another key or forged (MW-B122), or for other
        files (MW-B123); or the folder is refused, see `verify_folder`.
    """
    signed = read_signature(folder, public_key)
    verify_folder(folder, signed=signed.digests)
    return signed.facts


def read_signature(folder: Path, public_key: Path) -> Signed:
    """Return what the key vouches for; the files themselves are not looked at. Raises what `verify_signature` does."""
    key = load_public_key(public_key)
    path = Path(folder) / SIGNATURE
    if not path.is_file() and not path.is_symlink():
        raise BundleError(
            f"the version in '{folder}' is not signed",
            fix="sign it with 'modelwright sign', or restore the signature it had",
            code="MW-B120",
        )
    try:
        bundle = msgspec.convert(read_json(path, limit=MAX_SIGNATURE_BYTES), _Bundle)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from error
    payload = _check_bundle(bundle, key)
    try:
        statement = msgspec.json.decode(payload, type=_Statement)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _malformed(f"its statement is none ({error})") from error
    digests = _digests_of(statement)
    facts = SignatureFacts(key=fingerprint(key), curve=key.curve.name, files=len(digests))
    return Signed(facts=facts, digests=digests)


def claimed_key(folder: Path) -> str | None:
    """Return the fingerprint of the key that a version says it is signed by, which is not checked: for saying that two
    versions differ. Empty where the signature names none or is malformed, None where there is no signature."""
    path = Path(folder) / SIGNATURE
    if not path.is_file():
        return None
    try:
        bundle = msgspec.convert(read_json(path, limit=MAX_SIGNATURE_BYTES), _Bundle)
    except (BundleError, msgspec.ValidationError):
        return ""
    return bundle.verification_material.public_key.hint or ""


def _check_bundle(bundle: _Bundle, key: Any) -> bytes:
    """Return the payload of an envelope that the key has signed; nothing of the payload is parsed before."""
    from cryptography.exceptions import InvalidSignature

    envelope, hint = bundle.dsse_envelope, bundle.verification_material.public_key.hint
    if bundle.media_type != BUNDLE_TYPE or envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
        raise _malformed("it is no Sigstore bundle v0.3 with one signed in-toto statement")
    if hint and hint != fingerprint(key):
        raise BundleError(
            f"the version is signed with another key than {fingerprint(key)[:16]}…, the one that was given",
            fix="give the public key of who signs your versions; if that is this one, do not use this copy",
            code="MW-B122",
        )
    try:
        payload = base64.b64decode(envelope.payload, validate=True)
        signature = base64.b64decode(envelope.signatures[0].sig, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed("it is not in base64") from error
    try:
        key.verify(signature, pre_authentication(payload), ecdsa_for(key))
    except InvalidSignature as error:
        raise BundleError("the signature of the version is forged or damaged", fix=RESTORE, code="MW-B122") from error
    return payload


def _digests_of(statement: _Statement) -> dict[str, str]:
    predicate = statement.predicate
    if statement.kind != STATEMENT_TYPE or statement.predicate_type != PREDICATE_TYPE or len(statement.subject) != 1:
        raise _malformed("its statement is no model signature of version 1.0")
    ways = {predicate.serialization.hash_type, *(r.algorithm for r in predicate.resources)}
    if predicate.serialization.method != "files" or ways != {"sha256"}:
        raise _malformed("it does not list files with their SHA-256, the only way that is checked here")
    digests = {r.name: f"sha256:{r.digest}" for r in predicate.resources}
    if len(digests) < len(predicate.resources):
        raise _malformed("it lists a file twice")
    try:
        root = _root_digest([r.digest for r in predicate.resources])
    except ValueError as error:
        raise _malformed("a digest in it is none") from error
    if statement.subject[0].digest != {"sha256": root}:
        raise _malformed("its digests do not add up to the one of its subject")
    return digests


def statement_of(name: str, digests: Mapping[str, str]) -> bytes:
    """Return the statement on a folder as JSON.

    Parameters
    ----------
    name : str
        Of the folder; for people, readers do not compare it.
    digests : mapping of str to str
        ``sha256:…`` by name of file.
    """
    listed = sorted(digests, key=lambda n: PurePosixPath(n).parts)
    resources = [{"name": n, "algorithm": "sha256", "digest": digests[n].removeprefix("sha256:")} for n in listed]
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": _root_digest([r["digest"] for r in resources])}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": sorted({SIGNATURE, *ADDED_BY_REGISTRIES}),
            },
            "resources": resources,
        },
    }
    return msgspec.json.encode(statement)


def bundle_of(payload: bytes, signature: bytes, key: Any) -> bytes:
    """Return the content of ``model.sig``.

    Parameters
    ----------
    payload : bytes
        What `statement_of` returned.
    signature : bytes
        Of what `pre_authentication` makes of it.
    key : EllipticCurvePublicKey
    """
    bundle = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": fingerprint(key)}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    return msgspec.json.encode(bundle) + b"\n"


def pre_authentication(payload: bytes) -> bytes:
    """Return what is signed: DSSE's encoding of payload type and payload, in which neither can pass for the other."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def load_public_key(path: Path) -> Any:
    """Return the public key in a PEM file; raises UsageError (MW-U060) where there is none of a known curve."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return known_curve(load_pem_public_key(read_key(path)), path)
    except ValueError as error:
        raise unusable(path, "it is no public key in PEM") from error


def read_key(path: Path) -> bytes:
    """Return the content of a key file; raises UsageError when there is none."""
    try:
        with open(path, "rb") as handle:
            return handle.read(MAX_KEY_BYTES)
    except OSError as error:
        raise unusable(path, f"it cannot be read ({error.strerror})") from error


def known_curve(key: Any, path: Path) -> Any:
    """Return the key, public or private, if the format knows its curve; raises UsageError otherwise."""
    if getattr(getattr(key, "curve", None), "name", None) not in CURVES:
        raise unusable(path, "it is no elliptic-curve key on P-256, P-384 or P-521")
    return key


def unusable(path: Path, why: str) -> UsageError:
    """Return the error for a key that cannot be used; its content is not told."""
    return UsageError(
        f"the key '{path}' cannot be used: {why}",
        fix="'modelwright sign PROJECT --key FILE --make-key' makes a pair: sign with FILE, verify with FILE.pub",
        code="MW-U060",
    )


def ecdsa_for(key: Any) -> Any:
    """Return the signature algorithm that belongs to the curve of a key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(getattr(hashes, CURVES[key.curve.name])())


def fingerprint(key: Any) -> str:
    """Return the fingerprint of a public key, see `SignatureFacts`."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _root_digest(digests: list[str]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()


def _malformed(why: str) -> BundleError:
    return malformed(SIGNATURE, why, code="MW-B121")
