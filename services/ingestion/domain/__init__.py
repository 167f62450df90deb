"""Pure rules of ingestion: how bytes become tables, and how surveys work. No database, no network, no clock."""
