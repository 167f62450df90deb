"""What analytics can refuse."""

from kernel.problems import Conflict, ConstraintProblems, Problem, Unavailable


class DatasetEmpty(Conflict):
    """The dataset has no version yet: its file is still being read, or its survey has no interviews."""

    slug = "dataset-empty"
    title = "The dataset has no rows yet"


class NotFinished(Conflict):
    """The analysis has no result to show: it is still being computed, failed, or was cancelled."""

    slug = "analysis-not-finished"
    title = "The analysis has no result"


class AlreadyFinished(Conflict):
    """The analysis has ended, so it cannot be cancelled."""

    slug = "analysis-finished"
    title = "The analysis has ended already"


class ChartNotReady(Unavailable):
    """The picture of this result is being drawn. Repeat the request in a moment."""

    slug = "chart-not-ready"
    title = "The chart is being drawn"


class NegativeWeight(Problem):
    """A weight variable has values below 0, so weighted figures are undefined. Correct the weights."""

    slug = "negative-weight"
    title = "A weight is negative"
    status = 422


class NoWeightedCases(Problem):
    """The weight is missing or 0 in every case inside the filter, so there is nothing to compute from."""

    slug = "no-weighted-cases"
    title = "No case has a weight"
    status = 422


class TooManyCategories(Problem):
    """A stub or banner has more different values than a table can show. Band it, or use MEAN for numbers."""

    slug = "too-many-categories"
    title = "Too many categories for a table"
    status = 422


class MissingColumn(Problem):
    """The dataset's file lacks a column that its codebook names. Import the file again."""

    slug = "missing-column"
    title = "The dataset lacks a column of its codebook"
    status = 422


class AnalysisCrashed(Problem):
    """The computation failed for a reason that is ours; the log holds the cause under the analysis' id."""

    slug = "analysis-crashed"
    title = "The analysis failed unexpectedly"
    status = 500


CONSTRAINTS: ConstraintProblems = {}
