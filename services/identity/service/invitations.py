"""Commands of invitations: invite, send again, take back, accept as somebody with or without an account.

The mailed token is the proof: it was sent to the invited address only, is stored as a hash, and works once.
"""

from dataclasses import dataclass
from datetime import timedelta

from contracts.identity import MemberInvited, MemberJoined
from kernel.access import Permission, Role, require_team
from kernel.activity import log_activity
from kernel.clock import utc_now
from kernel.db import Session, Tenancy, act_as
from kernel.events import record
from kernel.ids import hash_token, new_token, uuid7
from kernel.mail import Letter
from kernel.principals import Principal
from kernel.problems import NotFound, TooManyRequests
from services.identity.domain.accounts import normalized_email
from services.identity.errors import (
    AccountExists,
    AlreadyMember,
    InvitationForSomebodyElse,
    LinkExpired,
    TooManyOpen,
)
from services.identity.models import Invitation
from services.identity.queries import accounts
from services.identity.queries import invitations as queries
from services.identity.queries import teams as team_queries
from services.identity.service import letters
from services.identity.service.credentials import get_user, page_link, refuse_weak
from services.identity.service.tools import Tools

MOST_OPEN = 100
RESEND_AFTER = timedelta(minutes=1)


async def invite(
    tools: Tools, session: Session, caller: Principal, team_id: int, *, email: str, role: Role
) -> tuple[Invitation, Letter]:
    """Offer a role to an address; returns the invitation and its letter.

    Raises NotFound, Forbidden, AlreadyMember, TooManyOpen; AlreadyInvited comes from the database.
    """
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    address = normalized_email(email)
    if await team_queries.has_member_with_email(session, team_id, address):
        raise AlreadyMember
    if await queries.count_open(session, team_id) >= MOST_OPEN:
        raise TooManyOpen(f"The team has {MOST_OPEN} open invitations.", team_id=team_id, limit=MOST_OPEN)
    await queries.revoke_expired(session, team_id, address)
    token, now = new_token(), utc_now()
    invitation = Invitation(
        team_id=team_id,
        email=address,
        role=role.value,
        token_hash=hash_token(token),
        invited_by_id=caller.user_id,
        sent_at=now,
        expires_at=now + timedelta(days=tools.settings.invitation_days),
    )
    session.add(invitation)
    await session.flush()  # the event and the answer need its id
    event = MemberInvited(team_id=team_id, invitation_id=invitation.id, role=role)
    await record(session, event, team_id=team_id)
    await log_activity(
        session,
        "member.invited",
        actor=caller,
        team_id=team_id,
        target=f"invitation:{invitation.id}",
        email=address,
        role=role.value,
    )
    return invitation, await _letter(tools, session, caller, invitation, token)


async def resend(
    tools: Tools, session: Session, caller: Principal, team_id: int, invitation_id: int
) -> tuple[Invitation, Letter]:
    """Give an open invitation a new token and time, and return it with its letter; the earlier token is void.

    Raises NotFound, Forbidden, and TooManyRequests within a minute of the last letter.
    """
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    invitation = await _get_open(session, team_id, invitation_id)
    now = utc_now()
    if now - invitation.sent_at < RESEND_AFTER:
        wait_s = int((invitation.sent_at + RESEND_AFTER - now).total_seconds()) + 1
        raise TooManyRequests("The last letter left less than a minute ago.", retry_after_s=wait_s)
    token = new_token()
    invitation.token_hash, invitation.sent_at = hash_token(token), now
    invitation.expires_at = now + timedelta(days=tools.settings.invitation_days)
    await session.flush()  # the log's lock comes last
    target = f"invitation:{invitation_id}"
    await log_activity(session, "invitation.sent_again", actor=caller, team_id=team_id, target=target)
    return invitation, await _letter(tools, session, caller, invitation, token)


async def revoke(session: Session, caller: Principal, team_id: int, invitation_id: int) -> None:
    """Take an open invitation back; raises NotFound and Forbidden."""
    await require_team(session, team_id, Permission.MANAGE_MEMBERS)
    invitation = await _get_open(session, team_id, invitation_id)
    invitation.revoked_at = utc_now()
    await session.flush()  # the log's lock comes last
    target = f"invitation:{invitation_id}"
    await log_activity(session, "invitation.revoked", actor=caller, team_id=team_id, target=target)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an open invitation offers to whom."""

    team: str
    role: str
    email: str
    has_account: bool


async def read_offer(tools: Tools, token: str) -> Offer:
    """Return what the invitation of a mailed token offers; raises LinkExpired."""
    tenancy = Tenancy.none().also(invitation_hash=hash_token(token))
    async with tools.database.snapshot(tenancy) as snapshot:
        found = await queries.find_by_token(snapshot)
        if found is None:
            raise LinkExpired
        holder = await accounts.find_user_by_email(snapshot, found.email)
    return Offer(found.team_name, found.role, found.email, has_account=holder is not None)


async def accept(tools: Tools, caller: Principal, *, token: str) -> int:
    """Join a team as somebody with an account; returns the team's id.

    Raises LinkExpired (also for a team that is gone), InvitationForSomebodyElse, AlreadyMember.
    """
    tenancy = Tenancy.of_caller(caller).also(invitation_hash=hash_token(token))
    async with tools.database.transaction(tenancy) as session:
        await queries.lock_by_token(session, hash_token(token))
        invitation = await queries.find_by_token(session)
        if invitation is None:
            raise LinkExpired
        user = await get_user(session, caller)
        if user.email.lower() != invitation.email:
            raise InvitationForSomebodyElse("Log in with the address that the invitation was mailed to.")
        await _join(session, invitation.id, invitation.team_id, caller.user_id, role=invitation.role)
        return int(invitation.team_id)


async def accept_as_new(
    tools: Tools, *, token: str, password: str, first_name: str = "", last_name: str = ""
) -> int:
    """Make an account for the invited address, which the token verifies, and join; returns the team's id.

    Raises LinkExpired, AccountExists, and Invalid for a password that cannot be used.
    """
    tenancy = Tenancy.none().also(invitation_hash=hash_token(token))
    async with tools.database.snapshot(tenancy) as snapshot:
        invitation = await queries.find_by_token(snapshot)
    if invitation is None:
        raise LinkExpired
    await refuse_weak(tools, password, email=invitation.email, names=(first_name, last_name))
    encoded = await tools.passwords.hash(password)
    async with tools.database.transaction(tenancy) as session:
        await queries.lock_by_token(session, hash_token(token))
        if await queries.find_by_token(session) is None:
            raise LinkExpired
        user_id = await accounts.add_user_unless_known(
            session,
            email=invitation.email,
            username=str(uuid7()),
            password=encoded,
            first_name=first_name,
            last_name=last_name,
            email_verified_at=utc_now(),
        )
        if user_id is None:
            raise AccountExists
        await act_as(session, Tenancy.of_user(user_id))
        await _join(session, invitation.id, invitation.team_id, user_id, role=invitation.role)
        return int(invitation.team_id)


async def _join(session: Session, invitation_id: int, team_id: int, user_id: int, *, role: str) -> None:
    await queries.add_member(session, team_id, user_id, role=role)
    if not await queries.accept(session, invitation_id, now=utc_now()):
        raise LinkExpired
    await record(session, MemberJoined(team_id=team_id, user_id=user_id, role=role), team_id=team_id)
    await log_activity(
        session, "member.joined", actor=user_id, team_id=team_id, target=f"user:{user_id}", role=role
    )


async def _get_open(session: Session, team_id: int, invitation_id: int) -> Invitation:
    invitation = await queries.find_open(session, team_id, invitation_id)
    if invitation is None:
        raise NotFound.of("open invitation", invitation_id)
    return invitation


async def _letter(
    tools: Tools, session: Session, caller: Principal, invitation: Invitation, token: str
) -> Letter:
    team = await team_queries.find_team(session, invitation.team_id)
    inviter = await get_user(session, caller)
    return letters.invitation(
        invitation.email,
        team=team.name if team else "",
        inviter=inviter.email,
        role=invitation.role,
        link=page_link(tools, "accept-invitation", token),
        days=tools.settings.invitation_days,
    )
