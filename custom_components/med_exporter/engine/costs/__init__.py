"""What the energy of the ledger costs."""
