"""Losses for attention, by name: what people marked, or what the model itself finds important, says where to look."""

from salience.training.attention_losses.kl import KL
from salience.training.attention_losses.mass import Mass

__all__ = ["KL", "Mass"]
