"""Result layouts: sufficient statistics in, the JSON that clients draw out; NaN and infinity never leave."""
