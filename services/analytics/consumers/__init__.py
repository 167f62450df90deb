"""JetStream consumers of analytics, and the machinery only they use: engine, dataset cache, drawing."""

from services.analytics.consumers import analyses
from services.analytics.consumers.registry import consumers

__all__ = ["analyses", "consumers"]
