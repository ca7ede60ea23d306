"""Pools: from positions to one vector. `Mean`, `Max`, and the mechanisms of `salience.attention` that can be asked."""

import salience.attention as mechanisms
from salience.attention import *  # noqa: F403
from salience.models.pools.max import Max
from salience.models.pools.mean import Mean

__all__ = ["Max", "Mean"]
__all__ += [name for name in mechanisms.__all__ if not getattr(vars(mechanisms)[name], "among_themselves", False)]
