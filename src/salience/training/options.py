"""Everything that can be chosen about a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salience.core.config import make
from salience.core.errors import ConfigError
from salience.training.adversarial import Adversarial


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """How a pipeline is trained. Every field is one key under `train:` in a config."""

    epochs: int = 12
    """Passes over the training rows, at most."""
    batch_size: int = 32
    """Rows in one step."""
    learning_rate: float = 1e-3
    """The highest learning rate of AdamW."""
    weight_decay: float = 0.01
    """Decoupled weight decay of every matrix; biases and norms have none."""
    ema: float = 0.0
    """Decay of the exponential moving average of the weights, which is then judged and kept: 0.99, say; 0 for none."""
    head_penalty: float = 0.0
    """What half the sum of squares of all weights of the last layer counts for, as a part of the loss."""
    schedule: str | Mapping[str, Any] = "Cosine"
    """Course of the learning rate: Cosine, OneCycle, Exponential, Plateau or Constant."""
    clip: float = 1.0
    """Largest norm of the gradient; 0 switches clipping off."""
    patience: int = 4
    """Epochs without a better validation score before training stops; 0 never stops early."""
    select: str | None = None
    """The validation score that chooses the best epoch; by default the first score of the task."""
    attention_loss: str | Mapping[str, Any] | None = None
    """What teaches attention: a name, or names with options ({Mass: {weight: 0.3}}); KL if there is a rationale."""
    adversarial: Mapping[str, Any] | None = None
    """Learn each batch again with a small step against it: {epsilon: 0.05, weight: 1.0, at: embedded}."""
    drop_units: float = 0.1
    """Share of the units left out of each training row at random, so that shortened rows are nothing unusual."""
    precision: str = "32"
    """`32`, or `bf16` for mixed precision where the machine has it."""
    time_limit: float | None = None
    """Seconds of training after which it ends with the best epoch so far."""
    deterministic: bool = False
    """Refuse operations whose result could differ between two runs on one machine."""
    loggers: tuple[str, ...] = ()
    """Further loggers beside the CSV history: tensorboard, wandb, mlflow."""
    seed: int = 0
    """One number for weights, order of rows, dropout and everything else random."""

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be {rule}, got {getattr(self, name)!r}"
            for name, rule, holds in (
                ("epochs", "at least 1", self.epochs >= 1),
                ("batch_size", "at least 1", self.batch_size >= 1),
                ("learning_rate", "above 0", self.learning_rate > 0),
                ("weight_decay", "0 or more", self.weight_decay >= 0),
                ("ema", "at least 0 and below 1", 0 <= self.ema < 1),
                ("head_penalty", "0 or more", self.head_penalty >= 0),
                ("clip", "0 or more", self.clip >= 0),
                ("patience", "0 or more", self.patience >= 0),
                ("drop_units", "at least 0 and below 1", 0 <= self.drop_units < 1),
                ("precision", "32 or bf16", self.precision in ("32", "bf16")),
                ("time_limit", "above 0, and at most 1e9", self.time_limit is None or 0 < self.time_limit <= 1e9),
                ("seed", "at least 0 and below 2**32", 0 <= self.seed < 2**32),
            )
            if not holds
        ]
        if problems:
            raise ConfigError("; ".join(problems), where="train")
        self.adversary()

    def adversary(self) -> Adversarial | None:
        """What makes training adversarial, if it is.

        Raises:
            ConfigError: an unknown or impossible option.
        """
        if self.adversarial is None:
            return None
        return make(Adversarial, self.adversarial, where="train.adversarial")
