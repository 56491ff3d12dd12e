"""The config entries of this integration: what a kind of them is, how they are found and brought forward."""
