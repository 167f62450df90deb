"""The tables with the prefix `intelligence_`."""
