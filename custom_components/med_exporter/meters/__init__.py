"""Metering points of what Home Assistant measures already: its energy entities and statistics."""
