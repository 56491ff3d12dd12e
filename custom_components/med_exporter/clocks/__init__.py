"""What time it is: in the house, at least, and for all that deletes."""
