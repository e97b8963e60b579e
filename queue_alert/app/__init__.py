"""The shell: configuration, clock, timer, supervision, delivery, HTTP and the command line."""
