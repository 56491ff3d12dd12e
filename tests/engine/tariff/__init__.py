"""Tests of the tariff."""
