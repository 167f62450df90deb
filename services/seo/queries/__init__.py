"""One named statement per question put to PostgreSQL."""
