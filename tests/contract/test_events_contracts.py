"""The published language: saved versions stay readable, the documentation is what the code says."""

import json
from typing import Any, ClassVar

import jsonschema
import pytest
import yaml
from pydantic import Field, ValidationError

from contracts import asyncapi, publication
from kernel.events import Envelope, Event, event_class
from tests.draining import consumers_by_service

SAVED = sorted(publication.FOLDER.glob("*.json"))
EXAMPLES = [(path.stem, example) for path in SAVED for example in json.loads(path.read_text())["examples"]]


def test_every_event_version_is_saved_and_none_is_broken() -> None:
    assert publication.problems() == []


def test_the_documentation_is_what_the_contracts_say() -> None:
    assert asyncapi.PATH.read_text() == asyncapi.rendered()


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_a_saved_event_can_be_read_today(name: str, example: dict[str, Any]) -> None:
    publication.published_events()
    envelope = Envelope.model_validate_json(json.dumps(example))
    service, type_, version = name.split(".")
    cls = event_class(type_, int(version.removeprefix("v")))
    assert cls is not None
    assert (cls.service, cls.type) == (service, type_)
    event = cls.model_validate(envelope.data)
    # A field that was added since has a default, which the saved event does not say.
    assert event.model_dump(mode="json", exclude_unset=True) == envelope.data


def test_todays_consumers_can_read_every_saved_event_of_their_kind() -> None:
    for consumers in consumers_by_service().values():
        for consumer in consumers:
            saved = [example for name, example in EXAMPLES if name == consumer.event.event_subject()]
            assert saved, f"{consumer.durable} listens to an event that no contract publishes"
            for example in saved:
                consumer.event.model_validate(example["data"])


def test_saved_events_fit_the_documented_schemas() -> None:
    document = yaml.safe_load(asyncapi.PATH.read_text())
    for message in document["components"]["messages"].values():
        schema = {**message["payload"], "components": document["components"]}
        for example in message["examples"]:
            jsonschema.validate(example["payload"], schema)


def test_the_document_names_each_channel_once_with_its_team() -> None:
    document = yaml.safe_load(asyncapi.PATH.read_text())
    addresses = [channel["address"] for channel in document["channels"].values()]
    assert len(addresses) == len(set(addresses)) == len(publication.published_events())
    assert all(address.startswith("plugzero.") and address.endswith(".{team_id}") for address in addresses)


class FirstEdition(Event):
    """A payload as it was published."""

    number: int = Field(ge=1)
    word: str
    note: str | None = None


def _second_edition(**fields: tuple[Any, Any]) -> type[Event]:
    annotations = {name: kind for name, (kind, _) in fields.items()}
    defaults = {name: default for name, (_, default) in fields.items() if default is not ...}
    return type(
        "SecondEdition", (Event,), {"__annotations__": annotations, "__module__": __name__, **defaults}
    )


AS_BEFORE: dict[str, tuple[Any, Any]] = {
    "number": (int, Field(ge=1)),
    "word": (str, ...),
    "note": (str | None, None),
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"word": None}, "/word is gone"),
        ({"note": None}, "/note is gone"),
        ({"word": (int, ...)}, "/word was"),
        ({"number": (int, Field(ge=5))}, "/number was"),
        ({"number": (int | None, Field(ge=1))}, "/number was"),
        ({"word": (str, "hello")}, "/word is no longer required"),
        ({"note": (str | None, ...)}, "/note is now required"),
        ({"extra": (str, ...)}, "/extra is new and required"),
    ],
)
def test_a_breaking_change_of_a_published_version_is_refused(
    change: dict[str, tuple[Any, Any] | None], words: str
) -> None:
    fields = {name: kind for name, kind in {**AS_BEFORE, **change}.items() if kind is not None}
    before, after = publication.schema_of(FirstEdition), publication.schema_of(_second_edition(**fields))
    assert any(found.startswith(words) for found in publication.breaking_changes(before, after))


def test_a_new_optional_field_and_new_words_are_no_breaking_change() -> None:
    fields = {**AS_BEFORE, "extra": (int, 0), "word": (str, Field(description="said in other words"))}
    before, after = publication.schema_of(FirstEdition), publication.schema_of(_second_edition(**fields))
    assert publication.breaking_changes(before, after) == []


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    assert FirstEdition.model_validate({"number": 1, "word": "a", "new": True}).word == "a"
    with pytest.raises(ValidationError):
        FirstEdition.model_validate({"number": 0, "word": "a"})


def test_two_events_of_one_name_are_refused() -> None:
    class Tolled(Event):
        """The first of its name."""

        service: ClassVar[str] = "identity"
        type: ClassVar[str] = "bell-tolled"

    with pytest.raises(TypeError, match="bell-tolled v1 is defined by both"):
        type("Other", (Tolled,), {"__module__": __name__})
