"""Tables in the recorder's database, the recorder's and our own, and connections that only read them."""
