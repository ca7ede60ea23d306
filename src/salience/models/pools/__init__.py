"""Pools: from positions to one vector. Those below, and the mechanisms of `salience.attention` that can be asked."""

import salience.attention as mechanisms
from salience.attention import *  # noqa: F403
from salience.models.pools.at_node import AtNode
from salience.models.pools.at_pair import AtPair
from salience.models.pools.last import Last
from salience.models.pools.max import Max
from salience.models.pools.mean import Mean
from salience.models.pools.then_feed_forward import ThenFeedForward
from salience.models.pools.with_last import WithLast

__all__ = ["AtNode", "AtPair", "Last", "Max", "Mean", "ThenFeedForward", "WithLast"]
__all__ += [name for name in mechanisms.__all__ if not getattr(vars(mechanisms)[name], "among_themselves", False)]
