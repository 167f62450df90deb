"""JetStream consumers of analytics and the machinery only they use: engine, dataset cache, chart renderer."""
