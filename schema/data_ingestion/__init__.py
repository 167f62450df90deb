"""The tables with the prefix `data_ingestion_`."""
