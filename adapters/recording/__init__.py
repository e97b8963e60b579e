"""Recordings of feeds, for replay and for tests."""
