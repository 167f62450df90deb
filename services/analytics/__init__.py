"""Analytics: results, insights, search, reports and comments (Django app `analysis`)."""
