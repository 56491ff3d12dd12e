"""What the integration costs Home Assistant's own process, measured in a real one."""
