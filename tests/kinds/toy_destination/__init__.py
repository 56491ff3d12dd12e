"""A destination that came from outside: folders of text files, one line for each value."""
