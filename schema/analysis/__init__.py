"""The tables with the prefix `analysis_`."""
