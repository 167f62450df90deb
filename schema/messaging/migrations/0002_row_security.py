"""Who may record an event and who may read one: services only write into the outbox, the relay empties it."""

from django.db import migrations

from schema.security import RELAY, RESPONDENT, SERVICES, grant, policy, protect

OUTBOX = "messaging_outbox"
# A service may record an event about a team that its caller has just left or deleted, so only respondents are
# held to the project that they answer in. Nobody but the relay can read an event back, only its number.
OWN_PROJECT = (
    "project_id = (SELECT access.public_project()) "
    "AND team_id = (SELECT p.team_id FROM data_ingestion_project p WHERE p.id = project_id)"
)


class Migration(migrations.Migration):
    """Grants and policies of the messaging tables."""

    dependencies = [("messaging", "0001_initial"), ("data_ingestion", "0002_row_security")]
    operations = [
        *protect(OUTBOX),
        grant("INSERT, SELECT (id, created_at)", OUTBOX, *SERVICES, RESPONDENT),
        *(
            operation
            for role in SERVICES
            for operation in (
                policy(OUTBOX, "INSERT", role, check="true"),
                policy(OUTBOX, "SELECT", role, using="true"),
            )
        ),
        policy(OUTBOX, "INSERT", RESPONDENT, check=OWN_PROJECT),
        policy(OUTBOX, "SELECT", RESPONDENT, using="project_id = (SELECT access.public_project())"),
        grant("SELECT, INSERT, UPDATE, DELETE", OUTBOX, RELAY),
        policy(OUTBOX, "ALL", RELAY, using="true", check="true"),
        grant("SELECT, INSERT", "messaging_inbox", *SERVICES),
        grant("SELECT, DELETE", "messaging_inbox", RELAY),
        grant("INSERT, SELECT (id, created_at)", "messaging_deadletter", *SERVICES),
        grant("SELECT, INSERT, UPDATE, DELETE", "messaging_deadletter", RELAY),
        grant("SELECT, INSERT, UPDATE, DELETE", "messaging_scheduledjob", *SERVICES, RELAY),
        grant("SELECT, INSERT, UPDATE, DELETE", "messaging_idempotencykey", *SERVICES),
    ]
