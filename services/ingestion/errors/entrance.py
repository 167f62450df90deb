"""Problems at the entrance of a survey, and with those who are asked personally."""

from kernel.problems import Problem


class SurveyPasswordNeeded(Problem):
    """The survey asks for a password, and none or a wrong one was given. Whoever sent the link knows it."""

    slug = "survey-password-needed"
    title = "This survey asks for a password"
    status = 403


class PersonalLinkNeeded(Problem):
    """The survey is answered through personal links only. Open the link that you were sent."""

    slug = "personal-link-needed"
    title = "This survey needs a personal link"
    status = 403


class AlreadyAnswered(Problem):
    """The survey takes one interview per device, and this device has submitted one. The first one counts."""

    slug = "already-answered"
    title = "This survey was already answered"
    status = 409


class ParticipantExists(Problem):
    """The survey has a participant with this address or id already. Whoever is asked twice would answer twice."""

    slug = "participant-exists"
    title = "There is such a participant"
    status = 409


class TooManyLetters(Problem):
    """The team has sent as many letters within 24 hours as this installation allows; `maximum` and `used` say how many.

    Send fewer, come back tomorrow, or ask the operator for more.
    """

    slug = "too-many-letters"
    title = "The team has sent many letters today"
    status = 429
