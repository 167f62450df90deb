"""`.lss` files as LimeSurvey writes them, made of rows: version 6 with texts in tables of their own, version 2 with texts beside codes."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

Row = Mapping[str, Any]


def lss(
    tables: Mapping[str, Sequence[Row]], *, languages: Sequence[str] = ("en",), kind: str = "Survey"
) -> str:
    """The document of these tables."""
    listed = "".join(f"<language>{language}</language>" for language in languages)
    body = "".join(_table(name, rows) for name, rows in tables.items())
    head = f"<LimeSurveyDocType>{kind}</LimeSurveyDocType><DBVersion>623</DBVersion>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<document>{head}<languages>{listed}</languages>{body}</document>'


def _table(name: str, rows: Sequence[Row]) -> str:
    columns = dict.fromkeys(column for row in rows for column in row)
    fields = "".join(f"<fieldname>{column}</fieldname>" for column in columns)
    written = "".join(
        "<row>"
        + "".join(f"<{column}><![CDATA[{value}]]></{column}>" for column, value in row.items())
        + "</row>"
        for row in rows
    )
    return f"<{name}><fields>{fields}</fields><rows>{written}</rows></{name}>"


class Survey:
    """A survey of LimeSurvey 6 in the making."""

    def __init__(self, *languages: str, **settings: Any) -> None:
        self.languages = languages or ("en",)
        more = " ".join(self.languages[1:])
        row = {"sid": 1, "format": "G", "language": self.languages[0], "additional_languages": more}
        self.tables: dict[str, list[Row]] = {"surveys": [row | settings]}
        self._id = 0

    def add(self, table: str, **row: Any) -> None:
        """One more row of a table."""
        self.tables.setdefault(table, []).append(row)

    def group(self, *names: str, description: str = "", **row: Any) -> int:
        """One more group; names in the order of the languages."""
        gid = self._next()
        self.add(
            "groups", gid=gid, sid=1, group_order=gid, **{"grelevance": "", "randomization_group": "", **row}
        )
        for language, name in zip(self.languages, names, strict=False):
            self.add(
                "group_l10ns",
                id=self._next(),
                gid=gid,
                group_name=name,
                description=description,
                language=language,
            )
        return gid

    def question(
        self,
        gid: int,
        kind: str,
        code: str,
        *texts: str,
        rows: Mapping[str, str] | None = None,
        columns: Mapping[str, str] | None = None,
        answers: Mapping[str, str] | None = None,
        more_answers: Mapping[str, str] | None = None,
        values: Sequence[int] = (),
        attributes: Mapping[str, Any] | None = None,
        **row: Any,
    ) -> int:
        """One more question."""
        qid = self._next()
        usual = {"mandatory": "N", "other": "N", "relevance": "1", "question_order": qid}
        self.add(
            "questions",
            **{
                "qid": qid,
                "parent_qid": 0,
                "sid": 1,
                "gid": gid,
                "type": kind,
                "title": code,
                **usual,
                **row,
            },
        )
        for language, text in zip(self.languages, texts or (code,), strict=False):
            self.add("question_l10ns", id=self._next(), qid=qid, question=text, help="", language=language)
        for scale, parts in enumerate((rows or {}, columns or {})):
            for part, text in parts.items():
                self._subquestion((qid, gid, kind), part, text, scale)
        for scale, options in enumerate((answers or {}, more_answers or {})):
            for place, option in enumerate(options.items()):
                value = values[place] if place < len(values) else 0
                self._answer(qid, option, scale, place, value)
        for name, value in (attributes or {}).items():
            self.add("question_attributes", qid=qid, attribute=name, value=value, language="")
        return qid

    def _subquestion(self, question: tuple[int, int, str], code: str, text: str, scale: int) -> None:
        own = self._next()
        qid, gid, kind = question
        self.add(
            "subquestions",
            qid=own,
            parent_qid=qid,
            sid=1,
            gid=gid,
            type=kind,
            title=code,
            question_order=own,
            scale_id=scale,
        )
        for place, language in enumerate(self.languages):
            words = text.split("|")[place] if "|" in text else text
            self.add("question_l10ns", id=self._next(), qid=own, question=words, help="", language=language)

    def _answer(self, qid: int, option: tuple[str, str], scale: int, place: int, value: int) -> None:
        aid = self._next()
        code, text = option
        self.add(
            "answers", aid=aid, qid=qid, code=code, sortorder=place, assessment_value=value, scale_id=scale
        )
        for place_of, language in enumerate(self.languages):
            words = text.split("|")[place_of] if "|" in text else text
            self.add("answer_l10ns", id=self._next(), aid=aid, answer=words, language=language)

    def _next(self) -> int:
        self._id += 1
        return self._id

    def __str__(self) -> str:
        """The file."""
        return lss(self.tables, languages=self.languages)


def old_row(gid: int, qid: int, code: str, text: str, **row: Any) -> Row:
    """A question of version 2, whose text stands beside its code."""
    usual = {
        "parent_qid": 0,
        "sid": 29846,
        "gid": gid,
        "type": "L",
        "other": "N",
        "mandatory": "N",
        "question_order": qid,
    }
    return {
        "qid": qid,
        **usual,
        "title": code,
        "question": escape(text),
        "help": "",
        "language": "en",
        "scale_id": 0,
        "relevance": "1",
        **row,
    }
