"""HTTP: audits themselves (`audits`) and what they found (`results`)."""
