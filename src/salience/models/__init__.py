"""Models: encoders, pools, and the model that joins them to stems and a head."""

from salience.models.assemble import assemble, build_pool
from salience.models.encoders.encoder import Encoded, Encoder
from salience.models.ensemble import Ensemble
from salience.models.model import Model, Output
from salience.models.pair import InteractivePair
from salience.models.pools.attention_pool import AttentionPool
from salience.models.pools.pool import Pool

__all__ = [
    "AttentionPool",
    "Encoded",
    "Encoder",
    "Ensemble",
    "InteractivePair",
    "Model",
    "Output",
    "Pool",
    "assemble",
    "build_pool",
]
