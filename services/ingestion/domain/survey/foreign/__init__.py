"""Surveys written for other programs → definitions of ours, with notes on whatever is not taken over."""
