"""Things people look at: the terminal wallboard and Prometheus."""
