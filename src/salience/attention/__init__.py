"""Mechanisms: each mixes sources for each query, and returns a record of where it looked."""

from salience.attention.adaptive_span import AdaptiveSpan
from salience.attention.additive import Additive
from salience.attention.bilinear import Bilinear
from salience.attention.cbam import CBAM
from salience.attention.deformable import Deformable
from salience.attention.dot import Dot
from salience.attention.entmax import Entmax
from salience.attention.focal import Focal
from salience.attention.gat import GAT
from salience.attention.gated_graph import GatedGraph
from salience.attention.gatv2 import GATv2
from salience.attention.global_tokens import GlobalTokens
from salience.attention.graph_transformer import GraphTransformer
from salience.attention.hierarchical import Hierarchical
from salience.attention.interactive import Interactive
from salience.attention.linear import Linear
from salience.attention.linformer import Linformer
from salience.attention.local_window import LocalWindow
from salience.attention.multi_head import MultiHead
from salience.attention.nystrom import Nystrom
from salience.attention.relational import Relational
from salience.attention.scaled_dot import ScaledDot
from salience.attention.segment_recurrence import SegmentRecurrence
from salience.attention.space_time import SpaceTime
from salience.attention.sparsemax import Sparsemax
from salience.attention.spatial_transformer import SpatialTransformer
from salience.attention.squeeze_excitation import SqueezeExcitation
from salience.attention.temporal import Temporal
from salience.attention.top_k import TopK

__all__ = [
    "CBAM",
    "GAT",
    "AdaptiveSpan",
    "Additive",
    "Bilinear",
    "Deformable",
    "Dot",
    "Entmax",
    "Focal",
    "GATv2",
    "GatedGraph",
    "GlobalTokens",
    "GraphTransformer",
    "Hierarchical",
    "Interactive",
    "Linear",
    "Linformer",
    "LocalWindow",
    "MultiHead",
    "Nystrom",
    "Relational",
    "ScaledDot",
    "SegmentRecurrence",
    "SpaceTime",
    "Sparsemax",
    "SpatialTransformer",
    "SqueezeExcitation",
    "Temporal",
    "TopK",
]
