"""An MQTT broker as a destination: one topic per value, below a prefix."""
