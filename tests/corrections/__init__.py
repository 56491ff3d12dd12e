"""Tests of corrections by users."""
