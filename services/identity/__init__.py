"""Identity: users, log-in, sessions, teams and roles; the only service that reads password hashes and signing keys."""
