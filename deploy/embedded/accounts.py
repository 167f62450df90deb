"""The operating-system account PostgreSQL runs under.

PostgreSQL refuses to run as root. Started by an ordinary user it runs as that user; started by root (containers, CI) it
runs as the owner of its data folder, else as `postgres`, `pgserver` or `nobody`, whichever exists. No account is made and
no folder of the machine changes its permissions.
"""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

CANDIDATES = ("postgres", "pgserver", "nobody")


@dataclass(frozen=True)
class Account:
    """A user to run a program as; `crosses_folders` when a parent folder is closed to it."""

    name: str
    uid: int
    gid: int
    crosses_folders: bool = False

    def prefix(self) -> tuple[str, ...]:
        """Return the command that changes to this account and keeps one right of root: to pass closed folders.

        A checkout below /root is closed to everybody else, its wheels included. capabilities(7): an ambient
        CAP_DAC_OVERRIDE opens the way without changing a single permission bit.
        """
        if not self.crosses_folders:
            return ()
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise RuntimeError(
                f"PostgreSQL cannot run as root and {self.name!r} may not enter this folder: "
                "move the checkout to a folder open to others, or start as an ordinary user"
            )
        rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
        who = (f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups")
        return (setpriv, *who, *rights, "--pdeathsig=INT", "--")


def account_for(folder: Path, *programs: Path) -> Account | None:
    """Return the account for a server with its data in `folder`, None when ours will do."""
    if os.geteuid() != 0:
        return None
    user = _owner(folder) or _first_existing()
    closed = any(not _open_to_others(path) for path in (folder.parent, *programs))
    return Account(user.pw_name, user.pw_uid, user.pw_gid, crosses_folders=closed)


def _owner(folder: Path) -> pwd.struct_passwd | None:
    try:
        uid = folder.stat().st_uid
        return pwd.getpwuid(uid) if uid != 0 else None
    except (FileNotFoundError, KeyError):
        return None


def _first_existing() -> pwd.struct_passwd:
    for name in CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(
        "PostgreSQL cannot run as root, and this machine has none of the users "
        f"{', '.join(CANDIDATES)}: make one with `useradd --system pgserver`, or start as an ordinary user"
    )


def _open_to_others(path: Path) -> bool:
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (resolved, *resolved.parents))
