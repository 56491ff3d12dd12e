"""Running sums in the long-term statistics."""
