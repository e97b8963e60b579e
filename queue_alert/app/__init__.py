"""The shell: configuration, drivers, clock, the one timer, delivery, HTTP, the command line.

Here alone the pure core meets the world. Drivers are found by entry point and never named.
"""
