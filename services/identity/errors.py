"""What identity can refuse, and which database constraints say so."""

from kernel.problems import ConstraintProblems, Forbidden, Problem, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The email and password do not belong together, or the account is closed or not verified yet.

    The answer is the same in all these cases, so that nobody can find out which addresses have an account.
    """

    slug = "wrong-credentials"
    title = "Email or password is wrong"


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


CONSTRAINTS: ConstraintProblems = {
    "accounts_teammembership_user_team_key": AlreadyMember,
}
