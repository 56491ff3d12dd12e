"""Jeedom as a destination: a virtual equipment for each metering point, over JSON-RPC."""
