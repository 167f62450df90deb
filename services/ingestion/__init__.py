"""Ingestion: projects, uploaded files, datasets, surveys and their responses."""
