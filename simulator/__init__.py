"""An ACD that is not there: arrivals, patience, agents and what its feed says of them."""

__all__: list[str] = []
