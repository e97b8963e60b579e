"""What queueing theory says of a floor, so that the simulator can be held against it."""

from simulator.theory.erlang_a import ErlangA
from simulator.theory.erlang_c import ErlangC, erlang_b
from simulator.theory.interval import BATCHES, Interval, batch_means

__all__ = ["BATCHES", "ErlangA", "ErlangC", "Interval", "batch_means", "erlang_b"]
