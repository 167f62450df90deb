"""What a dataset is to every service: its codebook, and filters over its variables."""
