"""Measurements behind every number in the documentation; each script states its data, split and protocol."""

import os

# One thread: small tensors are slower on many, and the time of one core is what can be compared between machines.
os.environ.setdefault("OMP_NUM_THREADS", "1")
