"""Columns that seem to hold personal data (GDPR, article 4 (1)): by the form of their cells, and by what they are called.

A suspicion, with the share of cells that raise it and the reason; nothing is removed. IBAN: ISO 13616, check digits by ISO 7064 (MOD 97-10). Cards: ISO/IEC 7812,
check digit by Luhn (US patent 2,950,048).
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_MIN_SHARE = 0.5
_MIN_NAME_SHARE = 0.8
_MIN_DISTINCT_NAMES = 0.2
_MIN_SURE_SHARE = 0.9
_MASK = "•"
_MOST_MASK_CHARACTERS = 8
_LOOKED_AT = 500
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[A-Za-z]{2,}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)
_IBAN_LENGTH = (15, 34)
_CARD = re.compile(
    r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}"
)
_NAME_SHAPE = re.compile(r"(?:[^\W\d_]['’.\-]?)+(?:[ ,]+(?:[^\W\d_]['’.\-]?)+){0,4}\.?")
_STREET = re.compile(
    r"\d+[A-Za-z]? [\w .'’\-]+ (?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl)\b.*"
    r"|[\w .'’\-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ring) ?\d+.*"
    r"|\d+(?: bis)?,? (?:rue|avenue|boulevard|place|chemin|allée) .+"
    r"|(?:calle|via|viale|piazza|avenida|rua|plaza|c/) .+\d+.*",
    re.IGNORECASE,
)
_HOUSE = re.compile(r"(?=.*\d)(?=.*[^\W\d_]{3}).{6,}")
_FINE_DEGREES = re.compile(r".*\d\.\d{3,}.*")


def _words(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)


_NAME_WORDS = _words(
    r"(?:first|last|given|family|full|middle|sur|respondent|recipient|customer|contact|client|participant|patient|your)"
    r"[ _]?(?:full )?names?|surname|forename|vorname|nachname|familienname|zuname|prénom|prenom|apellidos?|cognome|sobrenome"
    r"|voornaam|achternaam|imię|nazwisko|фамилия|姓名|名前|氏名|soyad|ihr name|votre nom|(?:su|tu) nombre|(?:seu|tuo) nome"
)
# Anything may have a name; where a column is called little more than that, it is a person's.
_BARE_NAME_WORDS = _words("name|nom|nombre|nome|naam|имя|nazwa")
_FEW_WORDS = 2
_NO_PERSON = _words(
    r"brands?|products?|company|firma|file|user|event|city|country|region|state|school|shop|store|store|variable|column"
    r"|marke|produkt|marque|marca|list|project|department|team|campaign|item|category|ville|pays|ciudad|stadt|land"
)
_ADDRESS_WORDS = _words(
    r"(?:street|home|postal|mailing|shipping|billing)[ _]?address|address(?: line)?(?: ?\d)?|street|straße|strasse|anschrift"
    r"|adresse|rue|direcci[oó]n|calle|indirizzo|endere[cç]o|adres|адрес|住所|地址"
)
_BIRTH_WORDS = _words(
    r"(?:date|day) of birth|birth ?(?:date|day)|dob|geburts(?:datum|tag)|geboren|(?:date de )?naissance|(?:fecha de )?nacimiento"
    r"|(?:data di )?nascita|(?:data de )?nascimento|geboortedatum|(?:data )?urodzenia|рождения|doğum"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|_")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Which kind of personal data, in which share of the cells, and why that is suspected."""

    kind: str
    share: float
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return it as `columns_metadata` shows it."""
        return {"kind": self.kind, "share": round(self.share, 3), "reason": self.reason}


def suspect(called: Sequence[str], kind: str, cells: Sequence[str]) -> Suspicion | None:
    """Return the suspicion about a column: its name and wording, what it is taken for, and (a sample of) its cells."""
    if not cells:
        return None
    name = " ".join(_CAMEL.sub(" ", text) for text in called)
    by_kind = {"email": "email", "phone": "phone"}.get(kind)
    if by_kind:
        return Suspicion(
            by_kind,
            1.0,
            f"the column is taken for {'e-mail addresses' if by_kind == 'email' else 'telephone numbers'}",
        )
    for question in (_by_form, _by_name):
        found = question(name, kind, cells)
        if found is not None:
            return found
    return None


def _share(cells: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(bool(holds(cell)) for cell in cells) / len(cells)


def _by_form(name: str, kind: str, cells: Sequence[str]) -> Suspicion | None:
    some = cells[:_LOOKED_AT]
    if kind in {"text", "category", "id"}:
        for found, holds, least, words in (
            ("iban", is_iban, _MIN_SHARE, "are bank account numbers whose check digits hold"),
            ("card", is_card, _MIN_SURE_SHARE, "are card numbers whose check digit holds"),
            ("ip_address", is_ip_address, _MIN_SURE_SHARE, "are addresses of computers"),
            ("address", _STREET.fullmatch, _MIN_SHARE, "are written like streets with house numbers"),
        ):
            share = _share(some, holds)
            if share >= least:
                return Suspicion(found, share, f"the cells {words}")
    return _within(kind, cells) or _by_place(name, kind, cells)


def _within(kind: str, cells: Sequence[str]) -> Suspicion | None:
    """One e-mail address or account number in a free text is one too many."""
    if kind not in {"text", "category", "multiple"}:
        return None
    share = _share(cells, lambda cell: "@" in cell and _EMAIL.search(cell))
    if share:
        return Suspicion("email", share, "e-mail addresses stand in some of the texts")
    share = _share(cells, lambda cell: any(map(is_iban, _IBAN.findall(cell))))
    return Suspicion("iban", share, "bank account numbers stand in some of the texts") if share else None


def _by_place(name: str, kind: str, cells: Sequence[str]) -> Suspicion | None:
    is_degree = kind == "decimal" and _words(r"lat|latitude|lon|lng|long|longitude").search(name)
    if kind != "geo" and not is_degree:
        return None
    share = _share(cells, _FINE_DEGREES.fullmatch)
    return Suspicion("location", share, "places as exact as a house") if share >= _MIN_SHARE else None


def _by_name(name: str, kind: str, cells: Sequence[str]) -> Suspicion | None:
    if kind in {"date", "datetime"} and _BIRTH_WORDS.search(name):
        return Suspicion("date_of_birth", 1.0, "the name speaks of a birth, and the cells are days")
    if kind not in {"text", "category", "id"}:
        return None
    if _ADDRESS_WORDS.search(name):
        share = _share(cells, _HOUSE.fullmatch)
        if share >= _MIN_SHARE:
            return Suspicion(
                "address", share, "the name speaks of an address; the cells have words and numbers"
            )
    if _speaks_of_names(name) and _are_names(cells):
        share = _share(cells, _NAME_SHAPE.fullmatch)
        return Suspicion(
            "name", share, "the name of the column speaks of names; the cells are written like them"
        )
    return None


def _speaks_of_names(name: str) -> bool:
    is_bare = len(name.split()) <= _FEW_WORDS and _BARE_NAME_WORDS.search(name)
    return bool(is_bare or _NAME_WORDS.search(name)) and not _NO_PERSON.search(name)


def _are_names(cells: Sequence[str]) -> bool:
    # Names of people are many; answers that recur are none.
    return (
        len(set(cells)) >= max(2, len(cells) * _MIN_DISTINCT_NAMES)
        and _share(cells, lambda cell: _NAME_SHAPE.fullmatch(cell) and not cell.islower()) >= _MIN_NAME_SHARE
    )


def is_iban(text: str) -> bool:
    """True for an International Bank Account Number: 15 to 34 characters, check digits right."""
    if not _IBAN.fullmatch(text):
        return False
    packed = text.replace(" ", "").upper()
    if not _IBAN_LENGTH[0] <= len(packed) <= _IBAN_LENGTH[1]:
        return False
    return int("".join(str(int(char, 36)) for char in packed[4:] + packed[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """True for the number of a payment card: 13 to 19 digits, check digit right."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(char) for char in reversed(text) if char.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_ip_address(text: str) -> bool:
    """True for an address of IPv4 or IPv6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def masked(text: object) -> str:
    """Return a cell of which only the first character is shown; as long as it is, up to nine characters."""
    shown = str(text)
    return shown[:1] + _MASK * min(len(shown) - 1, _MOST_MASK_CHARACTERS)
