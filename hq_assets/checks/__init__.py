"""Data quality: Great Expectations suites, statistical judgements per stage, blocking checks."""
