"""Tests of what steers a real Home Assistant, as far as they need none."""
