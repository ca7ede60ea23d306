"""Pools: from positions to one vector. `Mean`, `Max`, and every mechanism of `salience.attention` by its own name."""

import salience.attention as mechanisms
from salience.attention import *  # noqa: F403
from salience.models.pools.max import Max
from salience.models.pools.mean import Mean

__all__ = ["Max", "Mean"]
__all__ += mechanisms.__all__
