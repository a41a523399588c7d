"""Policies: data files that say what is done to each kind of personal data. The user may bring one of their own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from modelwright.data.treating.treatment import Action, parse_action
from modelwright.errors import UsageError, did_you_mean

__all__ = ["OLDEST", "POLICIES", "Datum", "Policy", "load_policy"]

FOLDER = Path(__file__).parent / "policies"

POLICIES = ("gdpr", "ccpa", "hipaa")

LEAST_K, USUAL_K, MOST_K = 2, 5, 1000
"""Fewest rows that share what is stored: bounds of what a policy may ask for, and what holds where it says nothing."""

OLDEST = 90
"""Where a policy names none: a year of birth that tells a higher age is read as that of this age."""


class Datum(StrEnum):
    """Kinds of personal data; the eighteen of HIPAA's Safe Harbor are among them, some in finer parts."""

    NAME = "name"
    USER_NAME = "user_name"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    ACCOUNT = "account"
    CARD = "card"
    NATIONAL_ID = "national_id"
    HEALTH_NUMBER = "health_number"
    LICENCE = "licence"
    VEHICLE = "vehicle"
    DEVICE = "device"
    NETWORK = "network"
    WEB_ADDRESS = "web_address"
    BIOMETRIC = "biometric"
    IMAGE = "image"
    SECRET = "secret"
    IDENTIFIER = "identifier"
    BIRTH_DATE = "birth_date"
    DATE = "date"
    AGE = "age"
    POSTCODE = "postcode"
    PLACE = "place"
    POSITION = "position"
    TEXT = "text"

    @property
    def words(self) -> str:
        """The kind in words."""
        return _WORDS[self]


_WORDS = {
    Datum.NAME: "names of persons",
    Datum.USER_NAME: "user names",
    Datum.EMAIL: "e-mail addresses",
    Datum.PHONE: "phone numbers",
    Datum.ADDRESS: "postal addresses",
    Datum.ACCOUNT: "account numbers",
    Datum.CARD: "payment card numbers",
    Datum.NATIONAL_ID: "national identity numbers",
    Datum.HEALTH_NUMBER: "medical record or health plan numbers",
    Datum.LICENCE: "licence or certificate numbers",
    Datum.VEHICLE: "vehicle numbers",
    Datum.DEVICE: "device numbers",
    Datum.NETWORK: "network addresses",
    Datum.WEB_ADDRESS: "web addresses",
    Datum.BIOMETRIC: "biometric data",
    Datum.IMAGE: "pictures",
    Datum.SECRET: "passwords or keys",
    Datum.IDENTIFIER: "numbers or codes that single out one person or thing",
    Datum.BIRTH_DATE: "dates of birth",
    Datum.DATE: "dates",
    Datum.AGE: "ages",
    Datum.POSTCODE: "postal codes",
    Datum.PLACE: "places smaller than a state",
    Datum.POSITION: "positions on the map",
    Datum.TEXT: "free text",
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is done to personal data.

    Attributes
    ----------
    name, title, basis : str
        How it is asked for, what it is called, and the law or rule behind it.
    k : int
        Fewest rows that must share a level, a word or a bound that is stored.
    actions : dict of str
        Action by kind of personal data, as `parse_action` reads it.
    few_people : tuple of str
        Prefixes of postal codes for which zeros stand.
    oldest : int
        Age from which on years of birth tell no difference.
    """

    name: str
    title: str
    basis: str
    k: int
    actions: dict[str, str]
    few_people: tuple[str, ...] = ()
    oldest: int = OLDEST

    def action(self, datum: Datum) -> tuple[Action, float | None]:
        """Return what is done to a kind of data; what the policy does not name is kept."""
        return parse_action(self.actions.get(datum, Action.KEEP), f"'{datum}' in the policy '{self.name}'")


def load_policy(asked: str) -> Policy:
    """Return a policy of ours by its name, or one from a file that ends with ``.toml``.

    Raises
    ------
    UsageError
        There is no such policy (MW-U903), or the file is none (MW-U904).
    """
    if asked.casefold() in POLICIES:
        return _read(FOLDER / f"{asked.casefold()}.toml", asked.casefold())
    path = Path(asked).expanduser()
    if path.suffix != ".toml":
        raise UsageError(
            f"there is no privacy policy '{asked}'",
            fix=f"{did_you_mean(asked, POLICIES)}, or name a file that ends with .toml",
            code="MW-U903",
        )
    return _read(path, path.stem)


def _read(path: Path, name: str) -> Policy:
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _broken(path, str(error)) from error
    return _checked(path, name, raw)


def _checked(path: Path, name: str, raw: dict[str, Any]) -> Policy:
    unknown = raw.keys() - {"title", "basis", "k", "actions", "few_people", "oldest"}
    actions = raw.get("actions", {})
    if unknown or not isinstance(actions, dict) or not actions:
        raise _broken(path, f"it has the field '{sorted(unknown)[0]}'" if unknown else "it has no table [actions]")
    for kind in actions.keys() - set(Datum):
        raise _broken(path, f"there is no kind of data '{kind}': {did_you_mean(kind, list(Datum))}")
    k, oldest = raw.get("k", USUAL_K), raw.get("oldest", OLDEST)
    for field, value, low, high in (("k", k, LEAST_K, MOST_K), ("oldest", oldest, 1, 150)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _broken(path, f"'{field}' must be a whole number from {low} to {high}")
    few = raw.get("few_people", [])
    if not isinstance(few, list) or not all(isinstance(prefix, str) for prefix in few):
        raise _broken(path, '\'few_people\' must be a list of texts, such as ["036", "059"]')
    policy = Policy(
        name=name,
        title=str(raw.get("title", name)),
        basis=str(raw.get("basis", "")),
        k=k,
        actions={str(kind): str(action) for kind, action in actions.items()},
        few_people=tuple(few),
        oldest=oldest,
    )
    for datum in Datum:
        policy.action(datum)
    return policy


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"the privacy policy '{path}' cannot be used: {why}",
        fix="write it like those in docs/privacy.md",
        code="MW-U904",
    )
