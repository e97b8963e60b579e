"""The figures that are promised, measured as ratios in one run: ``make bench``."""
