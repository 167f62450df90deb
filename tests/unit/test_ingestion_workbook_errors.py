"""Cells of workbooks that hold an error are missing, and it is said that they are."""

import io

import xlsxwriter

from tests.imported_file import Imported


def workbook(*, n_errors: int, n_rows: int = 40) -> bytes:
    stored = io.BytesIO()
    with xlsxwriter.Workbook(stored) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["share", "n"])
        for row in range(1, n_rows + 1):
            if row <= n_errors:
                sheet.write_formula(row, 0, "=1/0", None, "#DIV/0!")
            else:
                sheet.write(row, 0, row / 8)
            sheet.write(row, 1, row)
    return stored.getvalue()


def test_errors_are_counted_and_said() -> None:
    found = Imported(workbook(n_errors=3))
    assert found.column("share")[:4] == [None, None, None, 0.5]
    assert found.table.report["workbook"]["error_cells"] == 3
    [doubt] = [doubt for doubt in found.table.report["doubts"] if "#DIV/0!" in doubt]
    assert doubt.startswith("3 cells of the workbook hold errors")


def test_a_workbook_without_errors_says_nothing_of_them() -> None:
    report = Imported(workbook(n_errors=0)).table.report
    assert "error_cells" not in report["workbook"]
    assert not [doubt for doubt in report["doubts"] if "#DIV/0!" in doubt]


def test_many_errors_in_a_large_sheet_are_all_counted() -> None:
    """More than one chunk of the sheet's XML is looked through."""
    found = Imported(workbook(n_errors=20_000, n_rows=40_000))
    assert found.table.report["workbook"]["error_cells"] == 20_000
