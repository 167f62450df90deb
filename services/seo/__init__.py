"""Site audits: crawl a website, judge its pages, score its health."""
