"""Adapters: one folder per system we talk to; each a pure codec, a pure translation and a thin client."""
