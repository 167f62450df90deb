"""Datasets put together: waves one below the other, or columns side by side by a key; always with a report."""
