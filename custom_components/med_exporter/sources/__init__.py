"""The outside world coming in: one file for each kind of source."""
