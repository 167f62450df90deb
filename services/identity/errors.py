"""What identity can refuse, and which database constraints say so."""

from kernel.problems import ConstraintProblems, Forbidden, Problem, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The email and password do not belong together, or the account is closed or not verified yet.

    The answer is the same in all these cases, so that nobody can find out which addresses have an account.
    """

    slug = "wrong-credentials"
    title = "Email or password is wrong"


class TooManyAttempts(TooManyRequests):
    """Too many attempts have failed for this account or from this address. Each further one waits longer.

    The owner of an account is not locked out: a new password by mail works at any time.
    """

    slug = "too-many-attempts"
    title = "Too many failed attempts"


class WrongCode(Unauthenticated):
    """The one-time or recovery code is wrong, was used before, or is too old; or the log-in has taken too long."""

    slug = "wrong-code"
    title = "The code is not right"


class TwoFactorIsOn(Problem):
    """Two-factor log-in is on already. Turn it off to set it up anew."""

    slug = "two-factor-is-on"
    title = "Two-factor log-in is on"
    status = 409


class TwoFactorIsOff(Problem):
    """This needs two-factor log-in, which is off or was not begun."""

    slug = "two-factor-is-off"
    title = "Two-factor log-in is off"
    status = 409


class AddressTaken(Problem):
    """Another account has this address. Log in there, or choose another address."""

    slug = "address-taken"
    title = "This address belongs to another account"
    status = 409


class SessionEnded(Unauthenticated):
    """The refresh token is unknown, expired, used a second time, or its session was ended. Log in again."""

    slug = "session-ended"
    title = "This session has ended"


class WrongPassword(Forbidden):
    """This act needs the account's password again, and the one given is not it."""

    slug = "wrong-password"
    title = "The password is not right"


class OwnsTeams(Problem):
    """The account owns teams that others work in. Hand them over or delete them, then close it."""

    slug = "owns-teams"
    title = "This account still owns teams"
    status = 409


class LinkExpired(Problem):
    """The link from the mail was used, has expired or was cut short. Ask for a new one."""

    slug = "link-expired"
    title = "This link does not work any more"
    status = 410


class OwnerStays(Problem):
    """A team always has exactly one owner, who can neither leave nor be demoted; hand the team over first."""

    slug = "owner-stays"
    title = "A team keeps its owner"
    status = 409


class AlreadyMember(Problem):
    """This person is a member of the team already."""

    slug = "already-member"
    title = "Already a member"
    status = 409


class AlreadyInvited(Problem):
    """This address has an open invitation to the team. Send it again, or take it back and invite anew."""

    slug = "already-invited"
    title = "Already invited"
    status = 409


class InvitationForSomebodyElse(Forbidden):
    """The invitation was mailed to another address than that of this account. Log in with the invited address."""

    slug = "invitation-for-somebody-else"
    title = "This invitation is for another address"


class AccountExists(Problem):
    """The invited address has an account. Log in with it, then accept with the access token."""

    slug = "account-exists"
    title = "There is an account for this address"
    status = 409


class TooManyOpen(Forbidden):
    """A team can have only so many open invitations and working keys. Revoke what nobody needs."""

    slug = "too-many-open"
    title = "Too many are open already"


CONSTRAINTS: ConstraintProblems = {
    "accounts_teammembership_user_team_key": AlreadyMember,
    "accounts_invitation_open_key": AlreadyInvited,
    "accounts_user_email_key": AddressTaken,
}
