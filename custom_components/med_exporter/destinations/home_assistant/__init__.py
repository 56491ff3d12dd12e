"""Another Home Assistant as a destination: states over REST, statistics over its websocket."""
