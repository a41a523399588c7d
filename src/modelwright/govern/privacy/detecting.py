"""Which columns of a table hold which kind of personal data.

The audit accuses a column only where it is nearly sure. Under a policy it is the other way round: a column whose name
says that it is personal is taken at its word unless its values contradict, and whatever singles out rows is personal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.people import AGE, is_about_people, named_attribute
from modelwright.audit.telling_who import MIN_DISTINCT, dates_of_births, said_in_texts, who
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.data.inference.names import is_key, words
from modelwright.data.personal.naming import (
    NAME,
    PEOPLE,
    folded,
    names_a_way_to_reach,
    names_somebody,
    says_a_part_of_a_name,
    says_birth,
    speaks_about,
)
from modelwright.data.personal.singling import SMALLEST_NUMBER, repeats
from modelwright.govern.privacy.likeness import numbers_dialled, persons_written, repeated_names, stand_ins
from modelwright.govern.privacy.policy import Datum

__all__ = ["Found", "detect"]

FIRST_YEAR, LAST_YEAR = 1850, 2100
"""Numbers between may be years of birth."""

OLDEST = 130
"""Numbers up to it may be ages."""

MOST_WITHIN = 0.95
"""Share of a column's numbers from which on it is what its name says: the others are slips of the pen."""

FEW_CODES, LEAST_WITHIN = 2, 0.5
"""So few different numbers outside are codes for something missing (999, 0), however many rows have them."""

LONG_TEXT = 25
"""Characters on average, with blanks, from which values that are no free text by their kind are read as one."""

MANY_IDS = 50
"""Different values from which a column that is called a key singles out."""

SINGLING = frozenset({Datum.NAME, Datum.EMAIL, Datum.PHONE, Datum.NATIONAL_ID, Datum.HEALTH_NUMBER, Datum.USER_NAME})
"""What says by itself who somebody is: a code that goes with it one by one does, too."""

_BY_VALUES = {
    "e-mail addresses": Datum.EMAIL,
    "IBANs": Datum.ACCOUNT,
    "payment card numbers": Datum.CARD,
    "NHS numbers": Datum.HEALTH_NUMBER,
    "network card addresses": Datum.DEVICE,
    "IP addresses": Datum.NETWORK,
    "phone numbers": Datum.PHONE,
    "given names": Datum.NAME,
    "postal addresses": Datum.ADDRESS,
    "names of persons": Datum.NAME,
    "user names": Datum.USER_NAME,
}
"""What the shapes of values are called; all others are national identity numbers."""

_BY_NAME: tuple[tuple[Datum, frozenset[str]], ...] = (
    (Datum.SECRET, words("password passwd pwd passwort kennwort contrasena secret token cookie session pin")),
    (Datum.BIOMETRIC, words("fingerprint fingerprints biometric iris retina voiceprint faceprint fingerabdruck")),
    (Datum.IMAGE, words("photo photograph portrait selfie headshot avatar foto")),
    (Datum.HEALTH_NUMBER, words("mrn nhs medicare medicaid beneficiary")),
    (Datum.LICENCE, words("license licence licencia lizenz certificate")),
    (Datum.VEHICLE, words("vin kennzeichen matricula immatriculation plate plates numberplate licenseplate")),
    (Datum.DEVICE, words("imei imsi idfa gaid adid deviceid mac macaddress serial useragent")),
    (Datum.NETWORK, words("ip ipv ipaddr ipaddress")),
    (
        Datum.WEB_ADDRESS,
        words("url urls uri website webpage homepage webseite facebook twitter instagram linkedin telegram skype"),
    ),
    (Datum.CARD, words("card creditcard ccnum cardnumber kreditkarte tarjeta carte")),
    (
        Datum.ACCOUNT,
        words("iban bic swift konto kontonummer bankaccount account acct compte cuenta conta accountnumber"),
    ),
    (Datum.EMAIL, words("email emails mail mailadresse courriel correo posta")),
    (
        Datum.PHONE,
        words(
            "phone phones telephone telefon telefono telefone tel mobile mobil handy handynummer rufnummer fax "
            "cellphone gsm msisdn puhelin telefoon whatsapp phonenumber телефон"
        ),
    ),
    (
        Datum.ADDRESS,
        words(
            "address addresses addr adresse anschrift strasse street hausnummer direccion domicilio calle endereco "
            "indirizzo adres ulica adress osoite cim адрес улица"
        ),
    ),
    (Datum.USER_NAME, words("username login loginname nickname screenname benutzername")),
)
_PLAIN_SAID = words("mrn ssn nhs medicare medicaid iban imei imsi msisdn passport cpf curp dni nif nino bsn pesel")
"""Names that can mean nothing else, however small the numbers are."""

_POSTCODE = words("zip zipcode postcode postalcode plz postleitzahl codepostal postnr postnummer cep zips postcodes")
_POSTAL = words("postal post codigo code")
_PLACE = words(
    "city town county municipality village ort wohnort stadt ville ciudad cidade citta gemeinde borough precinct "
    "district suburb neighborhood neighbourhood commune landkreis parish"
)
_TOGETHER = {
    ("medical", "record"): Datum.HEALTH_NUMBER,
    ("health", "plan"): Datum.HEALTH_NUMBER,
    ("health", "insurance"): Datum.HEALTH_NUMBER,
    ("license", "plate"): Datum.VEHICLE,
    ("serial", "number"): Datum.DEVICE,
    ("device", "id"): Datum.DEVICE,
}
_NUMBERED = words("id ids no nr num number nummer numero code key ref reference uuid guid hash")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a column holds, and how that is known, in a sentence without data values."""

    datum: Datum
    why: str


def detect(context: AuditContext) -> dict[str, Found]:
    """Return what is personal, by column, without the target."""
    names = [name for name in context.contract.names if name != context.target]
    found = {name: said for name in names if (said := _of(context, name)) is not None}
    return found | _beside(context, names, found)


def _beside(context: AuditContext, names: list[str], found: dict[str, Found]) -> dict[str, Found]:
    """Return what columns are because they repeat the names in another one, or stand for what singles out."""
    named = [n for n in names if n in found and found[n].datum is Datum.NAME]
    others = [n for n in names if n not in found or found[n].datum in (Datum.PLACE, Datum.IDENTIFIER)]
    same = {n: Found(datum=Datum.NAME, why=why) for n, why in repeated_names(context, named, others).items()}
    who = [n for n in names if n in found and found[n].datum in SINGLING]
    left = [n for n in others if n not in same and n not in found]
    codes = {n: Found(datum=Datum.IDENTIFIER, why=why) for n, why in stand_ins(context, who, left).items()}
    return same | codes


def _of(context: AuditContext, name: str) -> Found | None:
    for look in (_by_values, _by_name, _by_names_of_persons, _by_numbers, _by_kind, _by_facts, _by_text, _by_key):
        found = look(context, name)
        if found is not None:
            return found
    return None


def _by_values(context: AuditContext, name: str) -> Found | None:
    said = who(context, name)
    if said is None:
        return None
    plural, share, n = said
    datum = _BY_VALUES.get(plural, Datum.NATIONAL_ID)
    return Found(datum=datum, why=f"{share:.0%} of its {n:,} different values read as {plural}")


def _by_names_of_persons(context: AuditContext, name: str) -> Found | None:
    said = persons_written(context, name)
    return None if said is None else Found(datum=Datum.NAME, why=said)


def _by_numbers(context: AuditContext, name: str) -> Found | None:
    share = numbers_dialled(context, name)
    if not share:
        return None
    return Found(datum=Datum.PHONE, why=f"{share:.0%} of its different values are written like phone numbers")


def _by_name(context: AuditContext, name: str) -> Found | None:
    parts = folded(name)
    found = set(parts)
    plainly = says_a_part_of_a_name(parts) and _is_words(context, name)  # a team has few, and often the same
    if speaks_about(parts) or not (plainly or _may_single_out(context, name, small=_says_plainly(found))):
        return None
    datum = next((d for both, d in _TOGETHER.items() if found.issuperset(both)), None)
    datum = datum or next((d for d, said in _BY_NAME if found & said), None)
    lone = found <= NAME  # cars and products have names, too
    if lone and coded(context, name).n_levels >= MIN_DISTINCT and not is_about_people(context):
        return None
    if datum is None and names_somebody(parts) and not says_birth(parts):
        datum = Datum.NAME if _is_words(context, name) else Datum.NATIONAL_ID
    if datum is None and names_a_way_to_reach(parts):
        datum = Datum.IDENTIFIER
    return None if datum is None else Found(datum=datum, why=f"its name says {datum.words}")


def _says_plainly(found: set[str]) -> bool:
    """Return whether a name says a number of persons and nothing else; a "3SsnPorch" is a porch for three seasons."""
    return bool(found & _PLAIN_SAID) and found <= _PLAIN_SAID | _NUMBERED | PEOPLE


def _may_single_out(context: AuditContext, name: str, *, small: bool = False) -> bool:
    """Return whether values are as many and as large as those of persons are; ``small`` ones may single out as well."""
    spec, column = context.contract[name], coded(context, name)
    if spec.kind in (Kind.BOOLEAN, Kind.DATETIME, Kind.DURATION, Kind.GEO):
        return False
    if spec.kind is Kind.NUMBER and not small and (spec.maximum is None or spec.maximum < SMALLEST_NUMBER):
        return False
    return not repeats(column.n_levels, column.n_present)


def _lie_within(context: AuditContext, name: str, low: float, high: float) -> bool:
    """Return whether the numbers of a column lie in a range, but for a few that are wrong or codes."""
    values = np.asarray(context.columns[name], dtype=np.float64)
    values = values[np.isfinite(values)]
    outside = values[(values < low) | (values > high)]
    if not len(values):
        return False
    share = 1 - len(outside) / len(values)
    return share >= MOST_WITHIN or (share >= LEAST_WITHIN and len(np.unique(outside)) <= FEW_CODES)


def _is_words(context: AuditContext, name: str) -> bool:
    if not isinstance(context.columns[name], Strings):
        return False
    texts = [str(v) for v in coded(context, name).values[:200]]
    return float(np.mean([re.search(r"\d", t) is None for t in texts])) > 0.5 if texts else False


def _has_digits(context: AuditContext, name: str) -> bool:
    """Return whether most of a column's different values are many and have digits, as dates of all writings do."""
    texts = [str(v) for v in coded(context, name).values[:200]]
    return len(texts) >= MIN_DISTINCT and float(np.mean([bool(re.search(r"\d", t)) for t in texts])) > 0.5


def _by_kind(context: AuditContext, name: str) -> Found | None:
    spec, born = context.contract[name], says_birth(folded(name))
    if spec.kind is Kind.GEO:
        return Found(datum=Datum.POSITION, why="it is a latitude or a longitude")
    if spec.kind is Kind.DATETIME:
        if born:
            return Found(datum=Datum.BIRTH_DATE, why="its values are dates, and its name says of birth")
        if dates_of_births(context, name, doubted=False):
            return Found(datum=Datum.BIRTH_DATE, why="its dates lie over decades and all weekdays as dates of birth do")
        return Found(datum=Datum.DATE, why="its values are dates")
    if born and spec.kind is Kind.NUMBER:
        years = _lie_within(context, name, FIRST_YEAR, LAST_YEAR)
        return Found(datum=Datum.BIRTH_DATE, why="its name and values say years of birth") if years else None
    if born and isinstance(context.columns[name], Strings) and _has_digits(context, name):
        return Found(datum=Datum.BIRTH_DATE, why="its name says dates of birth")
    return None


def _by_facts(context: AuditContext, name: str) -> Found | None:
    spec, parts = context.contract[name], folded(name)
    found = set(parts)
    if spec.kind in (Kind.BOOLEAN, Kind.DURATION):
        return None
    ages = spec.kind is Kind.NUMBER and named_attribute(name) == AGE and (spec.maximum or 0) > 0
    if ages and _lie_within(context, name, 0, OLDEST):
        return Found(datum=Datum.AGE, why="its name and values say ages")
    if found & _POSTCODE or ("postal" in found and found & _POSTAL - {"postal"}):
        return Found(datum=Datum.POSTCODE, why="its name says postal codes")
    if found & _PLACE and not speaks_about(parts) and isinstance(context.columns[name], Strings):
        return Found(datum=Datum.PLACE, why="its name says places")
    return None


def _by_text(context: AuditContext, name: str) -> Found | None:
    column = context.columns[name]
    if not isinstance(column, Strings):
        return None
    if context.contract[name].kind is Kind.TEXT:
        return Found(datum=Datum.TEXT, why="it is free text")
    if said := said_in_texts(context, name):
        return Found(datum=Datum.TEXT, why=f"{said[0][0]} stand in its values")
    texts = [str(v) for v in coded(context, name).values[:500]]
    long = bool(texts) and np.mean([len(t) for t in texts]) >= LONG_TEXT and np.mean([" " in t for t in texts]) > 0.5
    if long and _may_single_out(context, name):
        return Found(datum=Datum.TEXT, why="its values are sentences")
    return None


def _by_key(context: AuditContext, name: str) -> Found | None:
    spec, parts = context.contract[name], set(folded(name))
    if spec.kind is Kind.ID:
        return Found(datum=Datum.IDENTIFIER, why="nearly every row has a value of its own")
    if spec.kind in (Kind.BOOLEAN, Kind.DATETIME, Kind.DURATION, Kind.GEO):
        return None
    called = is_key(name) or bool(parts & PEOPLE and parts & _NUMBERED)
    if called and not speaks_about(folded(name)) and coded(context, name).n_levels >= MANY_IDS:
        return Found(datum=Datum.IDENTIFIER, why="its name says that it numbers somebody or something")
    return None
