"""The steps of the config flow, one file for each kind of entry."""
