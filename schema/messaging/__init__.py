"""The tables with the prefix `messaging_`."""
