"""InfluxDB as a destination: points of line protocol, which later ones overwrite."""
