"""The demo's real data: 944 voters of the 1996 American National Election Study, with their labels.

Source: the `anes96` data set that ships inside statsmodels (public domain; American National Election Studies, 1996).
"""

import csv
import io

PARTY = (
    "Strong Democrat",
    "Weak Democrat",
    "Independent-Democrat",
    "Independent",
    "Independent-Republican",
    "Weak Republican",
    "Strong Republican",
)
EDUCATION = (
    "1 Grades 1-8",
    "2 Some high school",
    "3 High school graduate",
    "4 Some college",
    "5 College degree",
    "6 Master's degree",
    "7 PhD",
)
IDEOLOGY = (
    "1 Extremely liberal",
    "2 Liberal",
    "3 Slightly liberal",
    "4 Moderate",
    "5 Slightly conservative",
    "6 Conservative",
    "7 Extremely conservative",
)
VOTE = ("Clinton", "Dole")
HEADER = (
    "vote",
    "party",
    "education",
    "ideology",
    "age",
    "tv_news_days",
    "income_band",
    "city_population_thousand",
)


def anes96_csv() -> bytes:
    """Return the study as UTF-8 CSV: a header and 944 rows, categories written as their labels."""
    from statsmodels.datasets import anes96

    frame = anes96.load_pandas().data
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for row in frame.itertuples(index=False):
        writer.writerow(
            (
                VOTE[int(row.vote)],
                PARTY[int(row.PID)],
                EDUCATION[int(row.educ) - 1],
                IDEOLOGY[int(row.selfLR) - 1],
                int(row.age),
                int(row.TVnews),
                int(row.income),
                f"{row.popul:g}",
            )
        )
    return text.getvalue().encode()
