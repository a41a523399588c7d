"""Whether the name of a column says that its values are personal, in the languages that data comes in."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from modelwright.data.inference.names import tokens, words

__all__ = [
    "BIRTH",
    "GIVEN_NAMES",
    "LOCATED",
    "NAME",
    "PEOPLE",
    "folded",
    "names_a_way_to_reach",
    "names_somebody",
    "says_a_part_of_a_name",
    "says_birth",
    "speaks_about",
]

# English, German; French, Spanish, Portuguese, Italian; Dutch, Nordic; Polish to Romanian; Russian, Greek.
GIVEN_NAMES = words(
    "surname surnames lastname firstname forename fullname middlename maidenname nickname username login loginname "
    "screenname vorname nachname familienname geburtsname benutzername "
    "prenom patronyme apellido apellidos sobrenome cognome "
    "voornaam achternaam fornamn efternamn etternavn fornavn efternavn sukunimi etunimi "
    "imie nazwisko prijmeni jmeno vezeteknev keresztnev soyad soyadi prenume "
    "имя фамилия отчество фио ονομα επωνυμο"
)
_WHICH_NAME = words("first last full given family middle maiden")
_LOGINS = words("nickname username login loginname screenname benutzername")
NAME = words("name names nom nombre nome naam namn navn nume")
"""A name of whom? Of a person where the word stands alone or beside one for people; *nombre* may be a number."""

PEOPLE = words(
    "first last full given family middle maiden user customer client patient person employee student member owner "
    "contact applicant borrower passenger driver rider tenant guest subscriber cardholder holder author sender "
    "recipient mother father spouse parent child kunde kunden client cliente cust pat emp stud acct pers subj "
    "mitarbeiter patienten klient kund klant asiakas klientow empleado funcionario dipendente paciente paziente "
    "alumno eleve schuler teacher doctor physician agent advisor adviser"
)
_IDENTITIES = words(
    "ssn nino nin passport passeport pasaporte reisepass ausweis personalausweis dni nie nif "
    "cif curp rfc cpf rg cnpj "
    "bsn pesel personnummer cpr cnp ahv oib egn jmbg tckn aadhaar aadhar nric hkid nhs mrn medicare fiscale "
    "steuernummer steuerid steuer sozialversicherung sozialversicherungsnummer паспорт инн снилс "
    "licence license plate kennzeichen matricula immatriculation vin "
    "password passwd pwd passwort kennwort contrasena pin secret token cookie session fingerprint biometric"
)
_CONTACTS = words(
    "email emails mail mailadresse courriel correo posta "
    "phone phones telephone telefon telefono telefone tel mobile mobil handy handynummer rufnummer "
    "fax cellphone gsm msisdn "
    "puhelin telefoon телефон "
    "address addresses addr adresse anschrift strasse street hausnummer direccion domicilio calle "
    "endereco indirizzo adres "
    "ulica adress osoite cim адрес улица почта "
    "iban bic swift card creditcard ccnum cardnumber kreditkarte kontonummer konto tarjeta carte bankaccount "
    "ip ipv ipaddr ipaddress mac macaddress imei imsi idfa gaid adid useragent deviceid "
    "whatsapp telegram twitter facebook instagram linkedin skype"
)
BIRTH = words(
    "birth birthday birthdate birthdt dob bday geburt geburtstag geburtsdatum naissance nacimiento nascimento nascita "
    "geboortedatum fodelsedatum fodselsdato syntymaaika urodzenia narozeni dogum nasterii рождения "
    "born geb geboren geburtsjahr gebdatum gebdat jahrgang naiss nac fecnac fnac nacido nacida nasc dtnasc nascido "
    "nascida datanascita geboorte geboortejaar fodt fodd fodelsear syntynyt syntymapaiva urodzony urodzona "
    "narozen dogumtarihi szuletesi γεννησης"
)
_NOT_A_DAY = words(
    "native foreign country place city town state weight order rate parity ort land lieu lugar luogo local plaats "
    "control defect type length"
)
"""Beside a word for birth: where, how heavy, the how manieth; or who was born abroad."""
_STEMS = re.compile(
    "(?:cust|customer|client|patient|pat|emp|employee|student|member|owner|holder|agent|doctor|contact)name|"
    "kundenname|clientnom|nomclient|"
    "mailadd|firstname|lastname|fullname|surname|username|birthda|dateofbirth|geburts|passport|creditcard|cardnumber|"
    "ipaddr|macaddr|socialsec|phonenum|telefonn|streetadd|postaladd|homeadd|accountnumber|fechanac|codicefiscale|"
    "姓名|名字|氏名|名前|电话|電話|手机|手機|邮箱|郵箱|メール|地址|住所|身份证|身分證|"
    "出生|生年月日|护照|이름|성명|주소|전화|이메일|생년월일"
)
_DESCRIBES = words(
    "type kind class status state provider domain service services plan category flag verified valid count counts "
    "duration time length size age days months years hours score rate ratio share pct percent avg mean total sum "
    "amount weight order index usage use used limit balance country region lines calls minutes charge charges brand "
    "model network carrier os year month suffix prefix title method channel"
)
"""The last word of a name that speaks *about* the thing: "email domain", "phone service", "birth year"."""

_COUNTS = words("n num count days months years hours avg mean total has is")
_ACCOUNT_NUMBER = words("account acct konto compte cuenta conta")
_NUMBER_WORDS = words("number no nr num nummer numero holder owner name")
LOCATED = words("home residence residential customer user client patient device person")


def folded(name: str) -> tuple[str, ...]:
    """Return the words of a name without case and accents: "Prénom" is prenom, "Straße" is strasse."""
    return tuple(t for part in tokens(name) if (t := _plain(part)))


def _plain(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def names_somebody(parts: tuple[str, ...]) -> bool:
    """Return whether a name says who: names, identities, days of birth."""
    found = set(parts)
    if speaks_about(parts):
        return False
    if found & (GIVEN_NAMES | _IDENTITIES) or says_birth(parts) or _STEMS.search("".join(parts)):
        return True
    if found & NAME and (len(parts) == 1 or found & PEOPLE):
        return True
    return "social" in found and "security" in found


def says_a_part_of_a_name(parts: tuple[str, ...]) -> bool:
    """Return whether a name says given or family names and can mean nothing else: what somebody logs in with may."""
    found = set(parts)
    said = found & (GIVEN_NAMES - _LOGINS) or (found & NAME and found & _WHICH_NAME)
    return bool(said) and not speaks_about(parts)


def says_birth(parts: tuple[str, ...]) -> bool:
    """Return whether a name speaks of when somebody was born."""
    found = set(parts)
    return bool(found & BIRTH) and not found & _NOT_A_DAY


def names_a_way_to_reach(parts: tuple[str, ...]) -> bool:
    """Return whether a name says how somebody is reached or paid: addresses and numbers of all sorts."""
    found = set(parts)
    if speaks_about(parts):
        return False
    return bool(found & _CONTACTS) or (bool(found & _ACCOUNT_NUMBER) and bool(found & _NUMBER_WORDS)) or _is_mail(parts)


def _is_mail(parts: tuple[str, ...]) -> bool:
    return any(a == "e" and b == "mail" for a, b in pairwise(parts))


def speaks_about(parts: tuple[str, ...]) -> bool:
    """Return whether a name speaks about a personal thing without being it; a lone word never does."""
    return len(parts) > 1 and (parts[-1] in _DESCRIBES or (parts[0] in _COUNTS))
