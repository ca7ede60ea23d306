"""Encoders: every position learns of the others. The public names of this room are the choices of a config."""

from salience.models.encoders.convolution import Convolution
from salience.models.encoders.feedforward import FeedForward
from salience.models.encoders.graph_stack import GraphStack
from salience.models.encoders.hierarchical import Hierarchical
from salience.models.encoders.identity import Identity
from salience.models.encoders.pretrained import Pretrained
from salience.models.encoders.recurrent import Recurrent
from salience.models.encoders.tabnet import TabNet
from salience.models.encoders.transformer import Transformer

__all__ = [
    "Convolution",
    "FeedForward",
    "GraphStack",
    "Hierarchical",
    "Identity",
    "Pretrained",
    "Recurrent",
    "TabNet",
    "Transformer",
]
