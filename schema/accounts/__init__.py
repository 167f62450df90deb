"""The tables with the prefix `accounts_`."""
