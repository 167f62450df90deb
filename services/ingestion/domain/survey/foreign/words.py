"""The words that other programs show by themselves, such as the answers of a yes/no question: here they are texts of the survey."""

from collections.abc import Sequence

_WORDS = {
    "yes": {"en": "Yes", "de": "Ja", "fr": "Oui", "es": "Sí"},
    "no": {"en": "No", "de": "Nein", "fr": "Non", "es": "No"},
    "uncertain": {"en": "Uncertain", "de": "Unsicher", "fr": "Indécis", "es": "Dudoso"},
    "increase": {"en": "Increase", "de": "Zunahme", "fr": "Augmentation", "es": "Aumentar"},
    "same": {"en": "Same", "de": "Gleich", "fr": "Sans changement", "es": "Igual"},
    "decrease": {"en": "Decrease", "de": "Abnahme", "fr": "Diminution", "es": "Disminuir"},
    "female": {"en": "Female", "de": "Weiblich", "fr": "Femme", "es": "Mujer"},
    "male": {"en": "Male", "de": "Männlich", "fr": "Homme", "es": "Hombre"},
    "other": {"en": "Other", "de": "Sonstiges", "fr": "Autre", "es": "Otro"},
    "comment": {"en": "Comment", "de": "Kommentar", "fr": "Commentaire", "es": "Comentario"},
    "check": {
        "en": "Please check this answer.",
        "de": "Bitte prüfen Sie diese Antwort.",
        "fr": "Veuillez vérifier cette réponse.",
        "es": "Compruebe esta respuesta, por favor.",
    },
}


def word(name: str, languages: Sequence[str]) -> dict[str, str]:
    """A word in each language that it is known in; the first language has it in English where it is not."""
    known = _WORDS[name]
    said = {tag: known[tag.partition("-")[0]] for tag in languages if tag.partition("-")[0] in known}
    return {languages[0]: known["en"], **said}
