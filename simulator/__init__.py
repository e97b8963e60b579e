"""An ACD that is not there."""
