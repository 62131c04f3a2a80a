"""Where bytes come from: a target becomes a `Tree` and a subject identity."""
