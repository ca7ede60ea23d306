"""Losses for attention, by name: what people marked, or what the model itself finds important, says where to look."""

from salience.training.attention_losses.binary_cross_entropy import BinaryCrossEntropy
from salience.training.attention_losses.entropy import Entropy
from salience.training.attention_losses.fenchel_young import FenchelYoung
from salience.training.attention_losses.honesty import Honesty
from salience.training.attention_losses.kl import KL
from salience.training.attention_losses.mass import Mass
from salience.training.attention_losses.mean_squared_error import MeanSquaredError
from salience.training.attention_losses.pairwise_ranking import PairwiseRanking

__all__ = [
    "KL",
    "BinaryCrossEntropy",
    "Entropy",
    "FenchelYoung",
    "Honesty",
    "Mass",
    "MeanSquaredError",
    "PairwiseRanking",
]
