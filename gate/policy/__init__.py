"""Policy: findings and facts become a verdict.  Pure: the clock is a parameter."""
