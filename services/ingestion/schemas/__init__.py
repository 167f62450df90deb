"""Requests and responses of ingestion."""
