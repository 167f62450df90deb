"""Users, teams, who belongs to which, and what keeps somebody logged in."""

# Rows are never printed: Django only migrates. An absent text differs from an empty one.
# ruff: noqa: DJ001, DJ008

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Cast, Lower

from schema.fields import CreatedAtField, Index, ListField, one_of, unique

SEGMENTS = ("STUDENT", "SMB", "ENTERPRISE")
ROLES = ("OWNER", "ADMIN", "MEMBER", "VIEWER")
INVITED_ROLES = ("ADMIN", "MEMBER", "VIEWER")
OUTCOMES = ("SUCCESS", "FAILURE", "DENIED")


class User(AbstractUser):
    """A person with a login. Closing an account only marks the row; a job purges it later."""

    groups = None
    user_permissions = None
    password = models.CharField(max_length=255, db_comment="Argon2id hash of the password.")
    last_login = models.DateTimeField(null=True, db_comment="Last completed login.")
    is_superuser = models.BooleanField(db_default=False, db_comment="Kept for AbstractUser; grants nothing.")
    username = models.CharField(
        max_length=150,
        db_default=Cast(RandomUUID(), models.CharField(max_length=150)),
        db_comment="Kept for AbstractUser: a random name, never shown; people log in by email.",
    )
    first_name = models.CharField(max_length=150, db_default="", db_comment="Given name.")
    last_name = models.CharField(max_length=150, db_default="", db_comment="Family name.")
    is_staff = models.BooleanField(db_default=False, db_comment="Kept for AbstractUser; grants nothing.")
    is_active = models.BooleanField(db_default=True, db_comment="False keeps the person from logging in.")
    date_joined = CreatedAtField(db_comment="When the account was registered.")
    email = models.CharField(
        max_length=255, db_comment="The login identifier, unique in any spelling of case."
    )
    segment = models.CharField(
        max_length=20, db_default="SMB", db_comment="User tier: STUDENT, SMB, ENTERPRISE."
    )
    institution = models.CharField(max_length=255, db_default="", db_comment="University or company name.")
    is_2fa_enabled = models.BooleanField(
        db_default=False, db_comment="Whether a login asks for a one-time code."
    )
    totp_secret = models.CharField(
        max_length=255, db_default="", db_comment="Seed of the one-time codes, encrypted; empty without one."
    )
    totp_last_step = models.BigIntegerField(
        null=True,
        db_comment="Last accepted time step (RFC 6238): a code counts once, so only a later one is accepted.",
    )
    email_verified_at = models.DateTimeField(
        null=True, db_comment="When the address was confirmed; null before."
    )
    deleted_at = models.DateTimeField(
        null=True, db_comment="When the account was closed; null while it is open."
    )

    class Meta(AbstractUser.Meta):
        """Table, constraints, indexes."""

        abstract = False
        db_table = "accounts_user"
        db_table_comment = "A person with a login; closed accounts are marked, then purged by a job."
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_key"),
            unique("accounts_user", "username"),
            one_of("accounts_user", "segment", SEGMENTS),
        ]


class Team(models.Model):
    """The root of data ownership. Deleting one only marks the row, and everything below it disappears."""

    name = models.CharField(max_length=255, db_comment="Display name of the team workspace.")
    owner = models.ForeignKey(
        User, models.RESTRICT, related_name="+", db_comment="The user who owns the team."
    )
    created_at = CreatedAtField(db_comment="When the team was created.")
    deleted_at = models.DateTimeField(
        null=True, db_comment="When the team was deleted; null while it exists."
    )
    revision = models.IntegerField(db_default=1, db_comment="Counts edits; the entity tag.")

    class Meta:
        """Table."""

        db_table = "accounts_team"
        db_table_comment = (
            "A workspace: the root of data ownership; deleted ones are marked, then purged by a job."
        )


class TeamMembership(models.Model):
    """Who belongs to which team, and in which role."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False, db_comment="The member.")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_comment="The team.")
    role = models.CharField(max_length=20, db_comment="OWNER, ADMIN, MEMBER or VIEWER.")
    created_at = CreatedAtField(db_comment="When the user joined.")

    class Meta:
        """Table, constraints."""

        db_table = "accounts_teammembership"
        db_table_comment = "A user's role in a team."
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="accounts_teammembership_user_team_key"),
            models.UniqueConstraint(
                fields=["team"],
                condition=models.Q(role="OWNER"),
                name="accounts_teammembership_one_owner_key",
            ),
            one_of("accounts_teammembership", "role", ROLES),
        ]


class Session(models.Model):
    """One login on one device: the family of its rotating refresh tokens."""

    id = models.UUIDField(
        primary_key=True, db_default=RandomUUID(), db_comment="Claim `sid` of its access tokens."
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_comment="Who is logged in.")
    created_at = CreatedAtField(db_comment="When the login was completed.")
    expires_at = models.DateTimeField(db_comment="End of the session, however often it is refreshed.")
    last_used_at = CreatedAtField(db_comment="Last refresh.")
    ended_at = models.DateTimeField(
        null=True, db_comment="When it was ended or revoked; null while it is open."
    )
    user_agent = models.CharField(max_length=512, db_default="", db_comment="The device, as it named itself.")
    ip_address = models.CharField(max_length=45, db_default="", db_comment="Address of the last use.")
    methods = ListField(
        db_default=["pwd"],
        db_comment="How it was authenticated (RFC 8176): pwd, otp, kba for a recovery code.",
    )

    class Meta:
        """Table."""

        db_table = "accounts_session"
        db_table_comment = "One login on one device, and the family of its refresh tokens."


class RefreshToken(models.Model):
    """One refresh token of a session: used once, then replaced by its successor."""

    session = models.ForeignKey(
        Session, models.CASCADE, related_name="+", db_comment="The login it belongs to."
    )
    token_hash = models.CharField(max_length=64, db_comment="SHA-256 of the token, in hexadecimal digits.")
    issued_at = CreatedAtField(db_comment="When the token was issued.")
    rotated_at = models.DateTimeField(
        null=True, db_comment="When it was exchanged for its successor; null before."
    )
    successor = models.TextField(
        null=True, db_comment="The successor, encrypted: tabs that refresh at the same time get the same one."
    )

    class Meta:
        """Table, constraints."""

        db_table = "accounts_refreshtoken"
        db_table_comment = "A refresh token: rotated at each use; reuse ends its session."
        constraints = [unique("accounts_refreshtoken", "token_hash")]


class SigningKey(models.Model):
    """A key pair that signs access tokens."""

    kid = models.CharField(max_length=64, primary_key=True, db_comment="Key id in the header of its tokens.")
    public_jwk = models.JSONField(db_comment="The public half as a JSON Web Key (RFC 7517).")
    private_key_encrypted = models.TextField(db_comment="The private half, encrypted.")
    created_at = CreatedAtField(db_comment="When the key was made.")
    retires_at = models.DateTimeField(
        null=True, db_comment="When it leaves the published key set; null while it signs."
    )

    class Meta:
        """Table, indexes."""

        db_table = "accounts_signingkey"
        db_table_comment = "A key pair that signs access tokens."
        indexes = [Index(fields=["created_at"], name="accounts_signingkey_created_at_idx")]


class RecoveryCode(models.Model):
    """A code that stands in for the second factor once, when the device is lost."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="+", db_index=False, db_comment="Whose it is."
    )
    code_hash = models.CharField(max_length=64, db_comment="SHA-256 of the code, in hexadecimal digits.")
    created_at = CreatedAtField(db_comment="When the codes were made.")
    used_at = models.DateTimeField(null=True, db_comment="When it was used up; null before.")

    class Meta:
        """Table, constraints."""

        db_table = "accounts_recoverycode"
        db_table_comment = "One-time codes for a log-in without the second factor's device."
        constraints = [
            models.UniqueConstraint(
                fields=["user", "code_hash"], name="accounts_recoverycode_user_code_hash_key"
            )
        ]


class Invitation(models.Model):
    """A role in a team, offered to an address; whoever has the mailed token can take it once."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False, db_comment="The team.")
    email = models.CharField(max_length=255, db_comment="The invited address, in lower case.")
    role = models.CharField(max_length=20, db_comment="ADMIN, MEMBER or VIEWER.")
    token_hash = models.CharField(max_length=64, db_comment="SHA-256 of the mailed token, hexadecimal.")
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", db_comment="Who invited; null once purged."
    )
    created_at = CreatedAtField(db_comment="When it was made.")
    sent_at = CreatedAtField(db_comment="When the letter last left.")
    expires_at = models.DateTimeField(db_comment="When the token stops working.")
    accepted_at = models.DateTimeField(null=True, db_comment="When it was accepted; null before.")
    revoked_at = models.DateTimeField(null=True, db_comment="When it was taken back; null otherwise.")

    class Meta:
        """Table, constraints."""

        db_table = "accounts_invitation"
        db_table_comment = "Roles in teams that were offered by mail."
        constraints = [
            unique("accounts_invitation", "token_hash"),
            models.UniqueConstraint(
                fields=["team", "email"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="accounts_invitation_open_key",
            ),
            one_of("accounts_invitation", "role", INVITED_ROLES),
        ]
        indexes = [Index(fields=["team", "created_at"], name="accounts_invitation_team_id_created_at_idx")]


class ApiKey(models.Model):
    """A program's access to one team, in its maker's name and within scopes."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_comment="In whose name it acts.")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_index=False, db_comment="The team.")
    name = models.CharField(max_length=100, db_comment="What it is for, as its maker says.")
    prefix = models.CharField(max_length=20, db_comment="Its first characters, which identify it to people.")
    key_hash = models.CharField(max_length=64, db_comment="SHA-256 of the key, in hexadecimal digits.")
    scopes = ListField(db_comment="What it may do: a list such as ['surveys:read'].")
    created_at = CreatedAtField(db_comment="When it was made.")
    expires_at = models.DateTimeField(null=True, db_comment="When it stops; null: never by itself.")
    last_used_at = models.DateTimeField(null=True, db_comment="Last use, to the minute; null before.")
    revoked_at = models.DateTimeField(null=True, db_comment="When it was revoked; null while it works.")

    class Meta:
        """Table, constraints."""

        db_table = "accounts_apikey"
        db_table_comment = "Keys with which programs call the API in a member's name."
        constraints = [unique("accounts_apikey", "key_hash")]
        indexes = [Index(fields=["team", "created_at"], name="accounts_apikey_team_id_created_at_idx")]


class LoginThrottle(models.Model):
    """How often guessing has failed for an account or from an address, and until when it has to wait."""

    key = models.CharField(
        max_length=64,
        primary_key=True,
        db_comment="SHA-256 of what is counted: an account, an address, both.",
    )
    n_failures = models.IntegerField(db_comment="Attempts that have not been followed by a success.")
    blocked_until = models.DateTimeField(db_comment="Attempts before this moment are refused.")
    updated_at = CreatedAtField(db_comment="Last attempt.")

    class Meta:
        """Table, indexes."""

        db_table = "accounts_loginthrottle"
        db_table_comment = "Counts of failed log-ins, shared by all replicas."
        indexes = [Index(fields=["updated_at"], name="accounts_loginthrottle_updated_at_idx")]


class ActivityLog(models.Model):
    """What somebody did, or was refused. Rows are only ever added, each chained to the one before by its hash.

    No foreign keys: rows outlive what they speak of.
    """

    chain = models.CharField(
        max_length=40, db_comment="The chain it belongs to: team:<id>, user:<id> or anonymous:<0..63>."
    )
    position = models.BigIntegerField(db_comment="Its place in the chain, from 1 without gaps.")
    team_id = models.BigIntegerField(null=True, db_comment="The team it concerns; null for accounts.")
    actor_id = models.BigIntegerField(null=True, db_comment="The acting user; null when nobody is known.")
    actor = models.CharField(max_length=100, db_comment="Who acted: user:<id>, key:<id>, anonymous.")
    action = models.CharField(max_length=60, db_comment="What was done, such as member.removed.")
    target = models.CharField(max_length=100, db_default="", db_comment="On what, such as user:7.")
    outcome = models.CharField(max_length=10, db_comment="SUCCESS, FAILURE or DENIED.")
    ip_address = models.CharField(max_length=45, db_default="", db_comment="From which address.")
    user_agent = models.CharField(max_length=512, db_default="", db_comment="With which device or program.")
    request_id = models.CharField(max_length=64, db_default="", db_comment="X-Request-Id of the request.")
    details = models.JSONField(db_default={}, db_comment="What else is worth knowing, such as the factor.")
    created_at = CreatedAtField(db_comment="When it happened.")
    previous_hash = models.CharField(max_length=64, db_comment="Hash of the row before; zeros for the first.")
    hash = models.CharField(
        max_length=64, db_comment="SHA-256 over the row and previous_hash, in hexadecimal digits."
    )

    class Meta:
        """Table, constraints, indexes."""

        db_table = "accounts_activitylog"
        db_table_comment = "Who did what, hash-chained; rows are only added."
        constraints = [
            unique("accounts_activitylog", "chain", "position"),
            one_of("accounts_activitylog", "outcome", OUTCOMES),
        ]
        indexes = [
            Index(fields=["team_id", "created_at"], name="accounts_activitylog_team_id_created_at_idx"),
            Index(fields=["actor_id", "created_at"], name="accounts_activitylog_actor_id_created_at_idx"),
        ]


class ActivityHead(models.Model):
    """The last row of each chain: what the next one is chained to."""

    chain = models.CharField(max_length=40, primary_key=True, db_comment="The chain.")
    position = models.BigIntegerField(db_comment="Position of its last row; 0 before the first.")
    hash = models.CharField(max_length=64, db_comment="Hash of its last row; zeros before the first.")

    class Meta:
        """Table."""

        db_table = "accounts_activityhead"
        db_table_comment = "The present end of each chain of the activity log."
