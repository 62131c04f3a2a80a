"""Systems over time, from the evidence of their runs: lists, before and after, audits."""
