"""Tensor functions without parameters: attention, its weights, its masks, and what it looked at."""

from salience.kernels.attend import attend
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.importance import (
    AttentionImportance,
    attention_importance,
    scaled_dot_product_attention_with_importance,
)
from salience.kernels.problem import Problem
from salience.kernels.scored import Scored
from salience.kernels.supervision import attention_supervision_loss

__all__ = [
    "AttentionImportance",
    "Layer",
    "Problem",
    "Scored",
    "attend",
    "attention_importance",
    "attention_relevance",
    "attention_rollout",
    "attention_supervision_loss",
    "scaled_dot_product_attention_with_importance",
]
