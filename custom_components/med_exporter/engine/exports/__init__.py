"""The export types: each module yields the tables of one."""
