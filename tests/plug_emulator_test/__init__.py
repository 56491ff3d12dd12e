"""The plug emulator against python-kasa as it is, and its counters by themselves."""
