"""Standard scales and questions about people, each with its source, ready to be put into a survey."""
