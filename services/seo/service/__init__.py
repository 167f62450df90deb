"""Commands: what people ask of an audit (`audits`), how a crawl moves on (`crawl`), how it ends (`verdict`)."""
