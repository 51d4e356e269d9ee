"""Data-quality checks, one module per stage: Great Expectations suites and statistical judgements."""
