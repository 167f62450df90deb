"""Questions that analytics puts to PostgreSQL."""
