"""Pure rules around results: anchors, filters, exact grids, CSV, page Markdown."""

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.datasets.codebook import Code, Codebook, Variable, read_codebook
from contracts.datasets.filters import FilterError, read_filter
from services.analytics.domain.anchors import Anchor, anchor_fault, relocated
from services.analytics.domain.cache import cache_key
from services.analytics.domain.statistics import Grid
from services.analytics.domain.tables import csv_table
from services.analytics.router.pages import rendered_markdown

BOOK = Codebook(
    (
        Variable("age", "Age in years", "Age", "integer"),
        Variable("sex", "sex", "Sex", "category", (Code("f", "Female"), Code("m", "Male"))),
    )
)


@given(st.text(max_size=60), st.data())
def test_an_anchor_taken_from_a_text_fits_it_and_is_found_again_after_an_insertion(
    text: str, data: st.DataObject
) -> None:
    text += "x"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    anchor = Anchor("b", start, end, text[start:end], text[max(0, start - 5) : start], text[end : end + 5])
    assert anchor_fault(anchor, text) is None
    place = relocated(anchor, "inserted " + text)
    assert place is not None
    assert ("inserted " + text)[place[0] : place[1]] == anchor.exact


def test_of_several_places_the_one_with_the_same_surroundings_is_chosen() -> None:
    anchor = Anchor("b", 10, 13, "yes", prefix="vote ", suffix=" more")
    text = "yes and yes, they vote yes more"
    assert relocated(anchor, text) == (text.rindex("yes"), text.rindex("yes") + 3)
    assert relocated(anchor, None) is None


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_sums_on_a_grid_do_not_depend_on_order_and_are_as_good_as_doubles(
    values: list[float], random: object
) -> None:
    grid = Grid.up_to(max(values))
    stored = [round(Fraction(value) * Fraction(2) ** grid.exponent) for value in values]
    assert all(abs(number) < 2**62 for number in stored)
    exact = sum(Fraction(value) for value in values)
    assert float(grid.exact(sum(stored))) == pytest.approx(float(exact), rel=1e-15)


def test_a_grid_of_nothing_is_harmless() -> None:
    assert Grid.up_to(0.0).exact(0) == 0
    assert Grid.up_to(5e-324).factor < float("inf")


def test_variables_are_found_by_alias_and_by_an_unambiguous_header() -> None:
    book = read_codebook(
        {
            "variables": [
                {"alias": "q1", "name": "Question", "kind": "text"},
                {"alias": "q2", "name": "Twice", "kind": "text"},
                {"alias": "q3", "name": "Twice", "kind": "text"},
            ]
        }
    )
    assert book.find("Question") is book.find("q1")
    assert book.find("Twice") is None


def test_every_fault_of_a_filter_is_reported_with_its_pointer() -> None:
    tree = {
        "op": "or",
        "args": [
            {"op": "eq", "variable": "nope", "value": 1},
            {"op": "not", "arg": {"op": "lt", "variable": "sex", "value": "f"}},
            {"op": "in", "variable": "age", "value": []},
            "text",
        ],
    }
    with pytest.raises(FilterError) as raised:
        read_filter(tree, BOOK)
    assert [pointer for pointer, _ in raised.value.errors] == [
        "/filter/args/0/variable",
        "/filter/args/1/arg/value",
        "/filter/args/2/value",
        "/filter/args/3",
    ]


def test_a_filter_that_is_too_deep_is_refused() -> None:
    tree: dict[str, object] = {"op": "eq", "variable": "age", "value": 1}
    for _ in range(40):
        tree = {"op": "not", "arg": tree}
    with pytest.raises(FilterError):
        read_filter(tree, BOOK)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "args", "arg", "variable", "value"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_no_filter_however_odd_does_anything_but_be_read_or_refused(tree: object) -> None:
    with contextlib.suppress(FilterError):
        read_filter(tree, BOOK)


def test_the_cache_key_does_not_depend_on_the_order_of_members() -> None:
    def key(parameters: dict[str, object]) -> str:
        return cache_key(
            dataset_id=1,
            dataset_version=1,
            calculation_type="MEAN",
            parameters=parameters,
            filter_tree=None,
            weight=None,
        )

    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key({"a": 1}) != key({"a": 2})


def test_text_that_a_spreadsheet_would_run_is_written_as_text() -> None:
    table = {
        "label": "=HYPERLINK()",
        "codes": ["a"],
        "labels": ["@SUM(1)"],
        "count": [1],
        "weighted_count": [1.0],
        "percent": [None],
        "ci": [[None, None]],
        "base": 1,
        "weighted_base": 1.0,
    }
    text = csv_table("FREQUENCY", {"tables": [table]}).decode("utf-8-sig")
    assert text.startswith("'=HYPERLINK()")
    assert ",'@SUM(1)," in text


def test_markdown_becomes_safe_html() -> None:
    html = rendered_markdown(
        "# Top\n\n<img src=x onerror=alert(1)>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](http://e.org)"
    )
    assert "<h2>Top</h2>" in html
    assert "<img" not in html
    assert "<td>1</td>" in html
    assert 'rel="noopener noreferrer nofollow"' in html
