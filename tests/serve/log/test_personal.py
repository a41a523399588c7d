"""Which columns are masked by default: what a privacy officer would want, and no more."""

from __future__ import annotations

import pytest

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.serve.log import personal_columns


def is_personal(name: str, kind: Kind = Kind.CATEGORY, **more: object) -> bool:
    spec = ColumnSpec(name=name, kind=kind, **{"n_levels": 800, **more})  # type: ignore[arg-type]
    return personal_columns(Contract(columns=(spec,), rows_seen=1000)) == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "email", "E-Mail", "customerEmail", "emailaddress", "EMAIL_ADDRESS", "courriel", "correo electrónico", "mail",
        "phone", "phone_number", "PhoneNumber", "mobile", "Telefonnummer", "teléfono", "téléphone", "Handy", "telefone",
        "name", "Name", "first_name", "LastName", "full name", "surname", "Vorname", "Nachname", "prénom", "nom",
        "apellidos", "nombre", "nombre_cliente", "cognome", "sobrenome", "achternaam", "förnamn", "imię", "nazwisko",
        "customer_name", "user_name", "username", "login",
        "address", "home_address", "street", "Straße", "Anschrift", "dirección", "endereço", "indirizzo", "adres",
        "date_of_birth", "dob", "birthday", "BirthDate", "Geburtsdatum", "fecha_nacimiento", "date_naissance",
        "ssn", "social security number", "passport_no", "DNI", "CPF", "codice fiscale", "personnummer", "PESEL",
        "aadhaar",
        "iban", "IBAN", "credit_card", "card_number", "account_number", "Kontonummer", "licence_plate",
        "ip", "ip_address", "IPAddress", "client_ip", "mac_address", "device_imei", "password",
        "姓名", "电话", "氏名", "住所", "生年月日", "이름", "전화번호", "имя", "Фамилия", "телефон", "όνομα",
    ],
)  # fmt: skip
def test_personal_by_name(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name",
    [
        "age", "sex", "gender", "occupation", "education", "marital_status", "zip", "city", "native-country", "income",
        "PhoneService", "email_domain", "phone_type", "days_since_email", "email_count", "n_addresses", "card_type",
        "birth_weight", "birth_year", "product_name", "company name", "file_name", "nombre_enfants", "station",
        "hour_sin", "engine_cc", "shipping", "description_length", "ships", "tips", "titled", "pandas", "mailed",
        "contact", "balance", "duration", "campaign", "previous", "job", "Neighborhood", "MSZoning", "capital-gain",
    ],
)  # fmt: skip
def test_what_describes_people_stays(name: str) -> None:
    assert not is_personal(name)


def test_ids_and_free_text_are_suspicious() -> None:
    assert is_personal("x", Kind.ID)
    assert is_personal("x", Kind.TEXT)


def test_redacted_texts_are_free_texts_though_few_of_them_differ() -> None:
    assert is_personal(
        "x", levels=("Lives at [postal address].", "[name] called"), treatment=Treatment(action=Action.REDACT)
    )
    assert not is_personal("x", levels=("A", "B"), treatment=Treatment(action=Action.POOL))


def test_whether_there_is_an_address_is_no_address() -> None:
    assert not is_personal("email", Kind.BOOLEAN)
    assert not is_personal("Street", n_levels=2, levels=("Grvl", "Pave"))
    assert is_personal("first_name", n_levels=2, levels=("Ada", "Bob")), "few names are names still"


@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.DATETIME, Kind.CONSTANT])
def test_any_kind_can_be_personal(kind: Kind) -> None:
    assert is_personal("phone", kind) and is_personal("dob", kind)


def test_small_numbers_are_no_numbers_of_people() -> None:
    assert not is_personal("word_freq_mail", Kind.NUMBER, maximum=18.2)
    assert not is_personal("birth", Kind.NUMBER, maximum=2004.0)
    assert is_personal("phone", Kind.NUMBER, maximum=79_991_234_567.0)


def test_places_of_people_are_personal_and_others_are_not() -> None:
    assert is_personal("home_lat", Kind.GEO)
    assert not is_personal("pickup_latitude", Kind.GEO)


@pytest.mark.parametrize(
    "levels",
    [
        ("ada@example.org", "bob@example.org"),
        ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
        ("192.168.0.1", "10.0.0.7"),
        ("00:1B:44:11:3A:B7", "other"),
    ],
)
def test_levels_tell(levels: tuple[str, ...]) -> None:
    assert is_personal("f7", levels=levels)


def test_levels_of_other_things_do_not() -> None:
    assert not is_personal("f7", levels=("1.2.3", "a@b", "DE", "12:30", "AB12"))
