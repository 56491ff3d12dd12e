"""What databases of time series have in common."""
