"""Config entries: what a kind of them holds, how they are found, named and brought forward."""
