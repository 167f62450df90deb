"""The page about identity shows the permissions that the code grants."""

from kernel.access import ROLE_PERMISSIONS, Permission, Role
from tests.environment import ROOT


def test_the_table_of_roles_is_the_one_in_force() -> None:
    lines = (ROOT / "docs" / "identity.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    header, _, *body = rows
    shown = {
        row[0]: {name for name, cell in zip(header[1:], row[1:], strict=True) if cell == "yes"}
        for row in body
    }
    assert set(header[1:]) == set(Permission)
    assert shown == {role: granted for role, granted in ROLE_PERMISSIONS.items() if role is not Role.WORKER}
