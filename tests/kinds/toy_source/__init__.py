"""A kind of metering point that came from outside: a counter that somebody reads by eye."""
