"""The drift gates are silent on what we have, and speak up about every way in which it could be otherwise."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from schema import drift
from schema.lint_migrations import lint
from schema.scratch import manage, scratch_database, with_database
from tests import environment
from tests.environment import Stack

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def database(stack: Stack) -> Iterator[str]:
    """The URL of a fresh copy of the migrated template."""
    postgres = with_database(stack.database_url, "postgres")
    with scratch_database(postgres, template=environment._template(postgres)) as url:
        yield url


def test_models_migrations_classes_and_database_agree(database: str) -> None:
    assert [
        *drift.stale_classes(),
        *drift.unmigrated_models(database),
        *drift.database_differences(database),
    ] == []


SABOTAGE = {
    "ALTER TABLE accounts_user ALTER email TYPE varchar(100)": "accounts_user",
    "ALTER TABLE analysis_report ALTER blocks TYPE text": "blocks",
    "ALTER TABLE data_ingestion_survey ALTER title DROP NOT NULL": "modify_nullable",
    "ALTER TABLE intelligence_siteaudit ALTER target_url DROP NOT NULL": "target_url",
    "ALTER TABLE intelligence_siteaudit ALTER score SET NOT NULL": "score",
    "ALTER TABLE data_ingestion_project ALTER created_at DROP DEFAULT": "data_ingestion_project.created_at has a default",
    "ALTER TABLE messaging_outbox ALTER subject SET DEFAULT ''": "messaging_outbox.subject has a default",
    "ALTER TABLE analysis_comment ALTER id DROP IDENTITY": "analysis_comment.id has a default",
    "ALTER TABLE analysis_researchinsight ALTER embedding_vector DROP EXPRESSION": "a generated expression",
    "ALTER TABLE analysis_researchinsight DROP embedding_vector, ADD embedding_vector vector(768)": "vector(768)",
    "ALTER TABLE data_ingestion_surveyresponse DROP paradata": "paradata",
    "ALTER TABLE data_ingestion_surveyresponse ADD extra text": "extra",
    "DROP TABLE messaging_deadletter": "messaging_deadletter",
    "CREATE TABLE own_idea (id bigint)": "table own_idea is mapped by no generated class",
}


@pytest.mark.parametrize("statement", SABOTAGE)
def test_sabotage_of_the_database_is_caught(database: str, statement: str) -> None:
    # In a transaction that is rolled back, so that the next one finds the database whole.
    with drift.engine_for(database).connect() as connection:
        connection.execute(text(statement))
        found = drift.differences_on(connection)
    assert any(SABOTAGE[statement] in line for line in found), found


def test_a_model_without_its_migration_and_a_stale_class_are_caught(tmp_path: Path, database: str) -> None:
    shutil.copytree(ROOT / "schema", tmp_path / "schema", ignore=shutil.ignore_patterns("__pycache__"))
    for path in ("services/identity", "services/ingestion", "services/analytics", "services/seo", "kernel"):
        (tmp_path / path).mkdir(parents=True)
        shutil.copy(ROOT / path / "models.py", tmp_path / path)
    models = tmp_path / "schema" / "intelligence" / "models.py"
    models.write_text(models.read_text().replace("max_depth = ", "deepest = "))
    check = [sys.executable, "-m", "schema.codegen", "--check"]
    stale = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert stale.returncode == 1
    assert "services/seo/models.py" in stale.stdout
    make = [sys.executable, "schema/manage.py", "makemigrations", "--check", "--dry-run"]
    missing = subprocess.run(
        make, cwd=tmp_path, capture_output=True, text=True, check=False, env={"DATABASE_URL": database}
    )
    assert missing.returncode == 1, missing.stderr
    assert "max_depth" in missing.stdout


def test_every_migration_can_be_taken_back(stack: Stack) -> None:
    postgres = with_database(stack.database_url, "postgres")
    with scratch_database(postgres, template=environment._template(postgres)) as url:
        for app in ("messaging", "intelligence", "analysis", "data_ingestion", "accounts"):
            done = manage(url, "migrate", app, "zero", "--verbosity=0")
            assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as connection:
            left = connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
            assert left.fetchall() == [("django_migrations",)]
            schemas = connection.execute(
                "SELECT 1 FROM pg_namespace WHERE nspname IN ('access', 'maintenance')"
            )
            assert not schemas.fetchall()


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX slow ON accounts_user (segment);", "require-concurrent-index-creation"),
        ("ALTER TABLE accounts_user ADD COLUMN plan text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE accounts_user ALTER COLUMN segment TYPE text;", "changing-column-type"),
        ("ALTER TABLE accounts_user RENAME COLUMN segment TO tier;", "renaming-column"),
        ("ALTER TABLE accounts_user ADD CONSTRAINT c CHECK (segment <> '');", "constraint-missing-not-valid"),
    ],
)
def test_a_migration_that_would_lock_a_table_under_load_is_refused(
    tmp_path: Path, statement: str, rule: str
) -> None:
    file = tmp_path / "migration.sql"
    file.write_text(statement)
    verdict = lint(file)
    assert verdict.returncode == 1
    assert rule in verdict.stdout
