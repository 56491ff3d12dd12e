"""Where measurements go: one file per kind of destination."""
