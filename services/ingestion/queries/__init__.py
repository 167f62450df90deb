"""Questions that ingestion puts to PostgreSQL."""
