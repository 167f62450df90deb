"""The four services; each folder has the same file names, and none imports another."""
