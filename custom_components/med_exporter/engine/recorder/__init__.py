"""What Home Assistant's recorder knows: states, long-term statistics, and how many there are."""
