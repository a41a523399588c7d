"""Which columns describe people, and by what: sex, age, origin, … in several languages.

A name alone is not enough. "Sex" and "age" are said of animals and of concrete, too, so the table must be about people,
which other columns tell (a job, an income, a marital status); ages must be ages, and levels must be few.
"""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import Coded, coded, memo
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words
from modelwright.data.personal.naming import folded

__all__ = [
    "AGE",
    "age_bands",
    "attribute_of",
    "attributes",
    "is_about_people",
    "is_amount",
    "named_attribute",
    "protected_columns",
]

AGE = "age"
MAX_LEVELS = 60  # countries aside, an attribute of people has few values
MAX_COUNTRIES = 300
OLDEST = 120.0
ADULT = 18.0
MIN_AGES = 10
FEW_SEXES = 4  # male, female, other, not said

# Two-letter words and homonyms are left out: what is missed can be named with --protected.
_WORDS: dict[str, frozenset[str]] = {
    "sex": words("sex gender geschlecht sexe sexo sesso genere genero geslacht kon kjonn sukupuoli plec pohlavi пол"),
    "ethnic origin": words(
        "race races ethnicity ethnic ethnie ethnicgroup etnia raza raca rasse hautfarbe herkunft skincolor afam"
    ),
    "religion": words("religion religious faith denomination konfession religione religiao religie wyznanie caste"),
    "disability": words("disability disabled disabilities handicap handicapped behinderung discapacidad deficiencia"),
    "nationality": words(
        "nationality nationalities citizenship citizen staatsangehorigkeit nationalitat nationalite nacionalidad "
        "nacionalidade nazionalita cittadinanza nationaliteit obywatelstwo immigrant foreigner migrant birthplace"
    ),
    "marital status": words(
        "marital maritalstatus married marriage familienstand zivilstand matrimonial etatcivil estadocivil "
        "statocivile burgerlijke civilstand"
    ),
    "sexual orientation": words("lgbt lgbtq homosexual sexuality heterosexual"),
    "pregnancy": words(
        "pregnant pregnancy pregnancies schwanger schwangerschaft enceinte grossesse embarazo gravidanza"
    ),
}
_TOGETHER: dict[tuple[str, str], str] = {
    ("sexual", "orientation"): "sexual orientation",
    ("native", "country"): "nationality",
    ("birth", "country"): "nationality",
    ("country", "birth"): "nationality",
    ("native", "born"): "nationality",
    ("foreign", "worker"): "nationality",
    ("foreign", "born"): "nationality",
    ("civil", "status"): "marital status",
    ("family", "status"): "marital status",
    ("estado", "civil"): "marital status",
    ("stato", "civile"): "marital status",
    ("senior", "citizen"): AGE,
}
_AGE = words("age alter edad idade eta leeftijd alder ika wiek vek lebensalter возраст")
_BESIDE_AGE = words(
    "years year yrs group groups cat category band bands range bin bracket class in at of the customer client patient "
    "user person employee applicant respondent borrower driver insured member student subject participant mother "
    "father spouse entry admission diagnosis enrollment current jahre annees anos"
)
# "race time", "sex ratio": the last word says what it is about.
_OTHER = words("time id no number distance ratio rate score count pct percent share lap pace day date track season")

_AMOUNT = words("pct percent percentage share rate ratio per mean avg median total")

_MEN = words("m male man men boy mann mannlich herr homme masculin hombre masculino uomo maschio man mies")
_WOMEN = words("f female woman women girl frau weiblich w femme feminin mujer femenino feminino donna femmina nainen")
_LETTERS = words("m f w")

_OF_PEOPLE = words(
    "race ethnicity ethnic marital married education educ schooling degree diploma income salary wage wages earnings "
    "occupation job profession workclass employee employer employment tenure dependents dependants spouse smoker "
    "smoking smoke pregnant pregnancies citizen citizenship nationality religion customer client applicant patient "
    "passenger respondent student bmi hypertension cholesterol angina insurance loan household surname firstname "
    "lastname children kids siblings credit juvenile felony recidivism voter vote beruf einkommen gehalt personne "
    "gender disability alcohol illness hospital charges checking savings native"
)
_NOT_PEOPLE = words("species breed animal animals bird birds cow cows calf dog dogs rings flipper herd livestock")


def is_about_people(context: AuditContext) -> bool:
    """Return whether the columns' names say that the rows are people, or a column of sexes in words does."""
    return memo(context, "about people", lambda: _about(context))


def _about(context: AuditContext) -> bool:
    found = {word for name in context.contract.names for word in folded(name)}
    if found & _NOT_PEOPLE:
        return False
    if found & _OF_PEOPLE or (found & _WORDS["sex"] and found & _AGE):
        return True
    return any(_spelled_sexes(context, n) for n in context.contract.names if set(folded(n)) & _WORDS["sex"])


def _spelled_sexes(context: AuditContext, name: str) -> bool:
    """Return whether a column says male and female in words; of animals mostly letters are noted."""
    column = context.columns.get(name)
    if not isinstance(column, Strings) or coded(context, name).n_levels > FEW_SEXES:
        return False
    said = {str(v).strip().casefold() for v in coded(context, name).values}
    return bool(said & (_MEN - _LETTERS)) and bool(said & (_WOMEN - _LETTERS))


def attribute_of(context: AuditContext, name: str) -> str:
    """Return which protected attribute of people a column names (``"sex"``), ``""`` for none."""
    return memo(context, ("attribute", name), lambda: _attribute(context, name))


def _attribute(context: AuditContext, name: str) -> str:
    if not is_about_people(context) or context.contract[name].kind in (Kind.DATETIME, Kind.TEXT, Kind.ID, Kind.GEO):
        return ""
    column = coded(context, name)
    if column.n_levels < 2:
        return ""
    if _values_are_sexes(context, name, column):
        return "sex"
    parts = folded(name)
    said = _said(parts)
    if not said or (len(parts) > 1 and (parts[-1] in _OTHER or is_amount(parts))):
        return ""
    if said == AGE and not isinstance(context.columns[name], Strings):
        return said if _are_ages(column) or column.n_levels <= 2 else ""
    if not isinstance(context.columns[name], Strings) and not np.all(column.values == np.floor(column.values)):
        return ""
    most = MAX_COUNTRIES if said == "nationality" else MAX_LEVELS
    return said if column.n_levels <= most else ""


def named_attribute(name: str) -> str:
    """Return the protected attribute that a name alone speaks of, ``""`` for none; for tables about people."""
    parts = folded(name)
    return "" if len(parts) > 1 and (parts[-1] in _OTHER or is_amount(parts)) else _said(parts)


def is_amount(parts: tuple[str, ...]) -> bool:
    """Return whether a name speaks of how many or how much: "pct_foreign_born" is said of a town."""
    return bool(_AMOUNT & set(parts))


def _said(parts: tuple[str, ...]) -> str:
    """Return the attribute that the words of a name speak of."""
    found = set(parts)
    for both, attribute in _TOGETHER.items():
        if found.issuperset(both):
            return attribute
    for attribute, said in _WORDS.items():
        if found & said:
            return attribute
    return AGE if found & _AGE and found <= _AGE | _BESIDE_AGE else ""


def _values_are_sexes(context: AuditContext, name: str, column: Coded) -> bool:
    if not isinstance(context.columns[name], Strings) or column.n_levels > FEW_SEXES:
        return False
    said = {str(v).strip().casefold() for v in column.values}
    letters = said <= _LETTERS  # an M and an F may be anything, where the name does not say more
    return bool(said & _MEN) and bool(said & _WOMEN) and (not letters or _said(folded(name)) == "sex")


def _are_ages(column: Coded) -> bool:
    values = column.values
    years = values[0] >= 0 and values[-1] <= OLDEST and values[-1] > ADULT and column.n_levels >= MIN_AGES
    bands = column.n_levels <= MIN_AGES
    return bool(years or bands)


def attributes(context: AuditContext) -> dict[str, str]:
    """Return the protected attribute by feature, for the features that name one."""
    return {n: said for n in context.features if (said := attribute_of(context, n))}


def protected_columns(context: AuditContext) -> dict[str, str]:
    """Return what the brief protects; where it says nothing, what `attributes` finds."""
    if context.brief.protected:
        known = [n for n in context.brief.protected if n in context.contract.names and n != context.target]
        return {n: attribute_of(context, n) or n for n in known}
    return attributes(context)


def age_bands(values: np.ndarray) -> np.ndarray:
    """Return a band per age, in tens of years up to 80; -1 where the age is not known."""
    return np.where(np.isnan(values), -1, np.minimum(np.nan_to_num(values) // 10, 8)).astype(np.int64)
