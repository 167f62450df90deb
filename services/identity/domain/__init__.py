"""Rules of accounts and teams without any I/O."""
