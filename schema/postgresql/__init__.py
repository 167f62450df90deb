"""Django's PostgreSQL backend with the schema editor of this project."""
