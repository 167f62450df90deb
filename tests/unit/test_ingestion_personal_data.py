"""Suspected personal data, lengths of time, places and distributions, on files written as people write them."""

import csv
import io
import statistics
from collections.abc import Sequence

import pytest

from services.ingestion.domain.distributions import EXACT_ROWS
from services.ingestion.domain.personal import is_card, is_iban, is_ip_address
from tests.imported_file import Imported


def one_column(name: str, cells: Sequence[str]) -> Imported:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([(name, "other"), *((cell, f"{i} m") for i, cell in enumerate(cells))])
    return Imported(buffer.getvalue().encode())


# Examples of the IBAN registry (SWIFT), and test numbers that card networks publish.
IBANS = [
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NO9386011117947",
]
CARDS = ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117"]


@pytest.mark.parametrize("text", IBANS)
def test_account_numbers_hold_by_their_check_digits(text: str) -> None:
    assert is_iban(text)
    assert not is_iban(text[:-1] + str((int(text[-1]) + 1) % 10))


@pytest.mark.parametrize("text", CARDS)
def test_card_numbers_hold_by_their_check_digit(text: str) -> None:
    assert is_card(text)
    assert not is_card(text[:-1] + str((int(text[-1]) + 1) % 10))


def test_addresses_of_computers_are_no_version_numbers() -> None:
    assert [is_ip_address(text) for text in ("192.0.2.1", "2001:db8::1", "1.2.3", "300.1.1.1")] == [
        True,
        True,
        False,
        False,
    ]


PEOPLE = ["Anna", "Bert", "Cleo", "Dora", "Emil", "Fay"]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("contact", ["a@example.com", "b@example.org", "c@example.net"], "email"),
        ("Handy", ["+44 20 7946 0000", "+44 20 7946 0001"], "phone"),
        ("account", IBANS, "iban"),
        ("paid with", CARDS, "card"),
        ("IPAddress", ["192.0.2.1", "192.0.2.7", "198.51.100.2"], "ip_address"),
        ("First name", PEOPLE, "name"),
        ("Vorname", PEOPLE, "name"),
        ("prénom", PEOPLE, "name"),
        ("name", PEOPLE, "name"),
        ("What is your name?", PEOPLE, "name"),
        ("RecipientLastName", ["O'Neil", "van der Meer", "Smith-Jones"], "name"),
        ("where", ["Hauptstraße 12", "Am Ring 3", "Lindenallee 7a"], "address"),
        ("home address", ["12 Elm, 2nd floor", "7 Oak", "Flat 4 Ash"], "address"),
        ("where", ["12 Main Street", "7 Oak Avenue, York", "221B Baker Street"], "address"),
        ("date of birth", ["1980-01-02", "1991-03-04", "1975-11-30"], "date_of_birth"),
        ("Geburtsdatum", ["02.01.1980", "04.03.1991"], "date_of_birth"),
        ("position", ["52.5200, 13.4050", "48.1374, 11.5755"], "location"),
        ("LocationLatitude", ["52.5200", "48.1374", "-33.8688"], "location"),
        ("remark", ["nothing", "write to me@example.com please", "no"], "email"),
    ],
)
def test_personal_data_are_suspected_and_not_shown(name: str, cells: list[str], kind: str) -> None:
    read = one_column(name, cells)
    column = read.described[name]
    assert column["personal_data"]["kind"] == kind
    assert 0 < column["personal_data"]["share"] <= 1
    assert column["personal_data"]["reason"]
    assert read.table.report["personal_data"] == [{"column": name, **column["personal_data"]}]
    shown = [*column["examples"], *(value["value"] for value in column.get("top_values", ()))]
    assert not set(shown) & set(cells)
    assert not {"min", "max", "quantiles"} & column.keys()


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("brand name", PEOPLE),
        ("What is the name of the last film that you saw?", ["Titanic", "Avatar", "The Kid"]),
        ("name", ["red", "blue", "green", "red"]),
        ("name", ["Widget 12", "Widget 13", "Widget 14"]),
        ("age", ["31", "52", "44"]),
        ("order", ["4111111111111112", "5555555555554445", "6011111111111118"]),
        ("ordered on", ["2024-01-02", "2024-03-04"]),
        ("vote", ["Yes", "No", "Yes", "No"]),
        ("temperature", ["52.5200", "48.1374"]),
    ],
)
def test_what_is_of_nobody_raises_no_suspicion(name: str, cells: list[str]) -> None:
    read = one_column(name, cells)
    assert read.described[name]["personal_data"] is None
    assert read.described[name]["examples"][0] in cells


@pytest.mark.parametrize(
    ("name", "cells", "seconds"),
    [
        ("x", ["1h 20m", "45 min", "2 hours", "1 d, 3 h"], [4800, 2700, 7200, 97_200]),
        ("x", ["1 Stunde 5 Minuten", "30 Sekunden"], [3900, 30]),
        ("x", ["1,5 h", "2.5 h"], [5400, 9000]),
        ("x", ["PT1H20M", "PT45.5S", "P1DT1S", "P2W"], [4800, 45.5, 86_401, 1_209_600]),
        ("x", ["26:30:05", "00:10:00", "100:00:00"], [95_405, 600, 360_000]),
        ("Duration", ["00:12:30", "01:00:05"], [750, 3605]),
        ("Dauer", ["10 m", "12 m"], [600, 720]),
    ],
)
def test_lengths_of_time_are_seconds(name: str, cells: list[str], seconds: list[float]) -> None:
    read = one_column(name, cells)
    assert (read.kinds[name], read.described[name]["unit"]) == ("duration", "s")
    assert read.column(name) == seconds
    assert read.described[name]["confidence"] == 1


def test_what_only_looks_like_a_length_of_time_is_none() -> None:
    assert one_column("x", ["12:30:05", "10:00:00"]).kinds["x"] == "time"
    assert one_column("height", ["10 m", "12 m", "9 m"]).kinds["height"] == "text"
    assert one_column("x", ["PT", "P", "PTA"]).kinds["x"] == "text"


@pytest.mark.parametrize(
    "cells",
    [
        ["52.52, 13.40", "-33.87, 151.21", "(48.14; 11.58)"],
        ["POINT (13.40 52.52)", "SRID=4326;POINT(151.21 -33.87)"],
        ["52.5200 13.4050", "48.1374 11.5755"],
    ],
)
def test_places_in_degrees_are_geo_and_stay_as_they_are(cells: list[str]) -> None:
    read = one_column("x", cells)
    assert (read.kinds["x"], read.column("x")) == ("geo", cells)


def test_latitudes_and_longitudes_stay_numbers_of_degrees() -> None:
    assert one_column("lat", ["52.5", "-48.1"]).described["lat"]["unit"] == "°"
    assert one_column("Longitude", ["152.5", "-48.1"]).described["Longitude"]["unit"] == "°"
    assert "unit" not in one_column("lat", ["152.5", "-48.1"]).described["lat"]


def test_numbers_and_days_have_quantiles_and_a_histogram() -> None:
    values = [(i * 37) % 101 for i in range(400)]
    read = Imported(b"n,day\n" + b"".join(b"%d,2024-01-%02d\n" % (v, v % 28 + 1) for v in values))
    n, day = read.described["n"], read.described["day"]
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    assert [n["quantiles"][name] for name in ("p25", "p50", "p75")] == quartiles
    assert (n["quantiles_are_exact"], sum(n["histogram"]["n"]), n["histogram"]["to"]) == (True, 400, 100)
    assert day["quantiles"]["p50"] == sorted(f"2024-01-{v % 28 + 1:02}" for v in values)[200]
    assert day["histogram"]["from"] == "2024-01-01"


def test_quantiles_of_many_rows_are_near_and_say_that_they_are_not_exact() -> None:
    n_rows = EXACT_ROWS * 2
    read = Imported(b"n\n" + b"".join(b"%d\n" % i for i in range(n_rows)))
    n = read.described["n"]
    assert not n["quantiles_are_exact"]
    for name, level in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        assert n["quantiles"][name] == pytest.approx(level * n_rows, abs=0.05 * n_rows)
