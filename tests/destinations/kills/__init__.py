"""Kills of the servers of all kinds of destinations, while a year goes to them."""
