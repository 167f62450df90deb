"""Forms of the respondent's page that carry files: fields are read whole, files go to the object store as they arrive.

What a question does not take is not stored, and the rest of the form is still read, so that the page can say what is wrong with the one
answer and keep the others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from kernel.problems import BadRequest, TooLarge
from services.ingestion.domain.survey.answers import AnswerRefused, Fault
from services.ingestion.domain.survey.forms import FILES_PREFIX
from services.ingestion.domain.survey.questions import FileQuestion
from services.ingestion.router.multipart import Parts, file_name, name_of
from services.ingestion.service.attachments import Arrived
from services.ingestion.service.files import IncomingFile

FORM_TYPE = "multipart/form-data"
Store = Callable[[FileQuestion, IncomingFile], Awaitable[Arrived]]


@dataclass
class PageForm:
    """A form as it was sent: its fields, the files that were stored, and why others were not."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    refused: dict[str, Fault] = field(default_factory=dict)


def carries_files(request: Request) -> bool:
    """Whether a form is sent in the way in which files are."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM_TYPE


@dataclass(frozen=True)
class Admission:
    """Which files a form may carry: for which questions, after which fields, how many bytes in all, and where they go."""

    questions: Mapping[str, FileQuestion]
    is_ours: Callable[[Mapping[str, list[str]]], bool]
    most_bytes: int
    most_fields: int
    store: Store


async def read_page_form(request: Request, form: PageForm, admission: Admission) -> None:
    """Read a form; files are stored only once the fields before them have shown that the form is ours.

    Raises BadRequest, TooLarge; what was stored until then stands in `form.arrived`.
    """
    parts = Parts(request)
    taken: dict[str, int] = {}
    n_bytes = n_fields = 0
    while (headers := await parts.next_part()) is not None:
        name, sent_as = name_of(headers), file_name(headers)
        n_fields += 1
        if n_fields > admission.most_fields:
            raise BadRequest("The form cannot be read.")
        if sent_as is None:
            value = b"".join([piece async for piece in parts.aside()])
            form.fields.setdefault(name, []).append(value.decode("utf-8", "replace"))
            continue
        question = admission.questions.get(name.removeprefix(FILES_PREFIX))
        counted = _Counted(parts.content(), admission.most_bytes - n_bytes)
        if question and sent_as and admission.is_ours(form.fields):
            n_files = taken[question.code] = taken.get(question.code, 0) + 1
            if n_files > question.max_files:
                form.refused[question.code] = Fault("too_many_files", {"max": question.max_files})
            else:
                await _take(form, question, IncomingFile(sent_as, "", aiter(counted)), admission.store)
        async for _ in counted:  # what was not wanted has to be read to come to the next part
            pass
        n_bytes += counted.n_bytes


async def _take(form: PageForm, question: FileQuestion, incoming: IncomingFile, store: Store) -> None:
    try:
        form.arrived.append(await store(question, incoming))
    except AnswerRefused as refused:
        form.refused[question.code] = refused.faults[0]


class _Counted:
    """The bytes of one part, counted; read by whoever comes first, and to the end by who comes after."""

    def __init__(self, content: AsyncIterator[bytes], most_bytes: int) -> None:
        self._content, self._most_bytes = content, most_bytes
        self.n_bytes = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await anext(self._content, None)) is not None:
            self.n_bytes += len(piece)
            if self.n_bytes > self._most_bytes:
                raise TooLarge("The files of a page are too large together.", limit_bytes=self._most_bytes)
            yield piece
