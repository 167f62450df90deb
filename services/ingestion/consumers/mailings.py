"""Letters to participants, one after the other: claimed, handed over, noted. Killed anywhere, nobody gets one twice."""

from contracts.ingestion import MailingRequested
from kernel.mail import LetterRefused, MailUnreachable, hand_over, mail_of
from kernel.subscriptions import Delivery
from services.ingestion.consumers.changes import settings_of
from services.ingestion.consumers.registry import consumers
from services.ingestion.service import mailings as service
from services.ingestion.service.participants import Links


@consumers.on(MailingRequested, name="send-letters", ack_wait_s=60, concurrency=2)
async def send_letters(event: MailingRequested, delivery: Delivery) -> None:
    """Send the letters of a round that are waiting; a delivery that is repeated goes on with those that nobody claimed."""
    settings = settings_of(delivery)
    links = Links(settings.secret_key.get_secret_value(), settings.gateway_url)
    async with delivery.snapshot() as session:
        whole = await service.round_of(session, event.mailing_id, links)
    if whole is None:
        return
    mail = mail_of(settings)
    while True:
        async with delivery.transaction() as session:
            claimed = await service.claim(session, event.mailing_id)
        if claimed is None:
            return
        try:
            await hand_over(mail, whole.letter_to(claimed))
        except MailUnreachable:
            async with delivery.transaction() as session:
                await service.give_back(session, claimed)
            raise
        except LetterRefused as refused:
            async with delivery.transaction() as session:
                await service.note_refused(session, claimed, str(refused))
        else:
            async with delivery.transaction() as session:
                await service.note_sent(session, claimed)
