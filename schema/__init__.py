"""The database schema: Django models and migrations, and what is generated from them. Never imported by services."""
