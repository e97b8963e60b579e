"""Asterisk's manager interface (AMI)."""
