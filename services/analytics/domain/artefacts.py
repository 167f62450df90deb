"""Where pictures of results lie in the bucket."""

from typing import Final, Literal

ChartFormat = Literal["svg", "png"]
MEDIA_TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}


def chart_key(*, team_id: int, project_id: int, analysis_id: int, extension: ChartFormat) -> str:
    """The object key of a drawn chart; below the project's prefix, so that it goes when the project goes."""
    return f"teams/{team_id}/projects/{project_id}/analyses/{analysis_id}/chart.{extension}"
