"""VictoriaMetrics as a destination: samples that are read back."""
