"""What happens to files after an erasure: the dataset is written without the interview, then what may hold it is removed."""

from contracts.ingestion import (
    ChangeStatus,
    DatasetChangeFinished,
    ErasureCompleted,
    ResponseErased,
)
from kernel.subscriptions import Delivery
from services.ingestion.consumers import surveys
from services.ingestion.consumers.registry import consumers
from services.ingestion.queries import erasures as queries
from services.ingestion.queries import responses as response_queries
from services.ingestion.service import erasures as service
from services.ingestion.service.rows import forget_copies


@consumers.on(ResponseErased, name="erase-response", ack_wait_s=60)
async def erase_response(event: ResponseErased, delivery: Delivery) -> None:
    """Remove files, write the survey's dataset without the interview, remove what is older. Killed at any point, the next delivery ends it."""
    async with delivery.snapshot() as session:
        erasure = await queries.find_erasure(session, event.erasure_id)
    for key in erasure.object_keys if erasure else ():
        await delivery.resources.objects.delete(key)
    async with surveys.turn(event.survey_id):
        await surveys.rebuild(event.survey_id, delivery, opened=delivery.transaction)
    async with delivery.snapshot() as session:
        dataset = await response_queries.find_dataset(session, event.survey_id)
    await _remove(event.erasure_id, dataset.id if dataset else 0, delivery)


@consumers.on(DatasetChangeFinished, name="erase-from-merged", ack_wait_s=60)
async def erase_from_merged(event: DatasetChangeFinished, delivery: Delivery) -> None:
    """Remove what is older than a merged dataset that was made anew for an erasure; one that cannot be made keeps it waiting."""
    if event.status != ChangeStatus.SUCCESS:
        return
    async with delivery.snapshot() as session:
        erasures = await queries.waiting_for(session, event.dataset_id, event.change_id)
    for erasure_id in erasures:
        await _remove(erasure_id, event.dataset_id, delivery)


@consumers.on(ErasureCompleted, name="forget-erased-rows")
async def forget_erased_rows(event: ErasureCompleted, delivery: Delivery) -> None:  # noqa: ARG001 - the signature of consumers
    """Remove this machine's copies of the versions that held the interview."""
    await forget_copies(event.content_hashes)


async def _remove(erasure_id: int, dataset_id: int, delivery: Delivery) -> None:
    """Objects first, rows after them."""
    async with delivery.snapshot() as session:
        erasure = await queries.find_erasure(session, erasure_id)
        if erasure is None or erasure.began_at is None:
            return
        found = await queries.remnants(session, dataset_id, since=erasure.began_at)
    for key in sorted(found.keys):
        await delivery.resources.objects.delete(key)
    async with delivery.transaction() as session:
        await service.note_removed(session, erasure_id, dataset_id, found, team_id=delivery.team_id)
