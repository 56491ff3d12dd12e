"""Tables in the recorder's database, its own and ours, and connections that only read them."""
