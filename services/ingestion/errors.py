"""What ingestion can refuse, and which database constraints say so."""

from kernel.problems import ConstraintProblems, Problem

# --- surveys and interviews


class SurveyInOtherState(Problem):
    """The survey is in a state in which this cannot be done, for example closing one that is closed already."""

    slug = "survey-in-other-state"
    title = "The survey is in another state"
    status = 409


class SurveyNotOpen(Problem):
    """The survey takes no answers at the moment: it is not published, paused, or closed."""

    slug = "survey-not-open"
    title = "The survey takes no answers"
    status = 409


class InterviewFinished(Problem):
    """The answers were submitted and can no longer be changed. Submitting again gives the first answer once more."""

    slug = "interview-finished"
    title = "These answers were submitted"
    status = 409


CONSTRAINTS: ConstraintProblems = {}
