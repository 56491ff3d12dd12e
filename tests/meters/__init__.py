"""Metering points of what Home Assistant measures already."""
