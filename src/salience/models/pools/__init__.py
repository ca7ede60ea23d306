"""Pools: from positions to one vector. The public names of this room are the choices of a config."""

from salience.models.pools.max import Max
from salience.models.pools.mean import Mean

__all__ = ["Max", "Mean"]
