"""Mechanisms: each mixes sources for each query, and returns a record of where it looked."""

from salience.attention.additive import Additive
from salience.attention.bilinear import Bilinear
from salience.attention.dot import Dot
from salience.attention.gat import GAT
from salience.attention.gatv2 import GATv2
from salience.attention.linear import Linear
from salience.attention.linformer import Linformer
from salience.attention.multi_head import MultiHead
from salience.attention.nystrom import Nystrom
from salience.attention.scaled_dot import ScaledDot

__all__ = ["GAT", "Additive", "Bilinear", "Dot", "GATv2", "Linear", "Linformer", "MultiHead", "Nystrom", "ScaledDot"]
