"""What came of a limit."""

OK, FAIL, WARN, NEW, ACCEPTED = "ok", "fail", "warn", "new", "accepted"
ALL = "all"
"""In place of a metric: all that the lock holds."""
