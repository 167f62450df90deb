"""What looks at pages: Chromium, axe-core from npm, and a survey that shows everything."""
