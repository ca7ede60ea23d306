"""Networks for windows of a series. The public names of this room are the choices of a config."""

from salience.models.networks.d_linear import DLinear
from salience.models.networks.i_transformer import ITransformer
from salience.models.networks.n_linear import NLinear
from salience.models.networks.patch_tst import PatchTST
from salience.models.networks.recurrent_attention import RecurrentAttention
from salience.models.networks.temporal_fusion import TemporalFusion

__all__ = ["DLinear", "ITransformer", "NLinear", "PatchTST", "RecurrentAttention", "TemporalFusion"]
