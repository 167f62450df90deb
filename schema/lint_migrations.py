"""Whether the migrations' SQL is safe to run under load: `python -m schema.lint_migrations` asks squawk.

Squawk reads the SQL that each migration will send. The initial migrations create what nobody uses yet; its rules matter from
the second one of each table on. Exit status is squawk's.
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from schema.scratch import manage, migrated_database

APPS = ("accounts", "data_ingestion", "analysis", "intelligence", "messaging")
ROOT = Path(__file__).resolve().parent
# Rule → why it does not apply here.
EXCLUDED = {
    "prefer-text-field": "the database reference prescribes lengths; raising one rewrites nothing",
    "prefer-bigint-over-int": "keys are bigint; the integers are scores, counts of pages and revisions",
    "require-lock-timeout": "the migrating connection sets lock_timeout (schema/settings.py)",
    "require-statement-timeout": "a concurrent index may take long without harm; waiting for locks is limited",
}


def migration_names(app: str) -> list[str]:
    """The migrations of the app, in order."""
    return sorted(path.stem for path in (ROOT / app / "migrations").glob("[0-9]*.py"))


def write_sql(folder: Path, url: str) -> list[Path]:
    """One file per migration with the SQL that it sends."""
    files = []
    for app in APPS:
        for name in migration_names(app):
            done = manage(url, "sqlmigrate", app, name)
            if done.returncode:
                raise RuntimeError(f"{app}.{name} cannot be shown as SQL:\n{done.stderr}")
            file = folder / f"{app}.{name}.sql"
            file.write_text(done.stdout)
            files.append(file)
    return files


def lint(*files: Path) -> "subprocess.CompletedProcess[str]":
    """Squawk's verdict on the files."""
    squawk = Path(sysconfig.get_path("scripts")) / "squawk"
    command = [str(squawk), "--pg-version=18", *(f"--exclude={rule}" for rule in EXCLUDED), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a tool of this project


def main() -> None:
    """Prints what squawk says about all migrations."""
    with tempfile.TemporaryDirectory() as folder, migrated_database() as url:
        done = lint(*write_sql(Path(folder), url))
    print(done.stdout + done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
