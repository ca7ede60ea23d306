"""From names to a model: the same encoder and pool for every input column, under one head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from salience.core.build import build
from salience.core.errors import ConfigError
from salience.models import encoders, pools
from salience.models.model import Model
from salience.models.pools.attention_pool import AttentionPool
from salience.models.pools.pool import Pool


def assemble(
    stems: Mapping[str, Callable[[int], nn.Module]],
    head: Callable[[int], nn.Module],
    *,
    width: int = 128,
    encoder: str | Mapping[str, Any] = "Convolution",
    pool: str | Mapping[str, Any] = "Additive",
    dropout: float = 0.3,
) -> Model:
    """Make a model for these columns.

    Args:
        stems: per column a function from a width to its stem (`modality.stem`).
        head: a function from a width to the head (`task.head`).
        width: of every stem; an encoder may give another one.
        encoder: a class of `salience.models.encoders`, or one with its options: `{"Convolution": {"layers": 2}}`.
        pool: `Mean`, `Max` or a mechanism of `salience.attention`, or one with its options.
        dropout: see `Model`.

    Raises:
        ConfigError: an unknown name or option, or a number outside its range.
    """
    if width < 1 or not 0 <= dropout < 1:
        raise ConfigError(
            f"width must be at least 1, and dropout at least 0 and below 1, got {width} and {dropout}", where="model"
        )
    made = {column: build_encoder(encoder, width) for column in stems}
    return Model(
        {column: stem(width) for column, stem in stems.items() if not hasattr(made[column], "stem")},
        made,
        {column: build_pool(pool, each.width) for column, each in made.items()},
        head(sum(each.width for each in made.values())),
        dropout=dropout,
    )


def build_encoder(choice: str | Mapping[str, Any], width: int) -> Any:
    """The encoder that a config names.

    Raises:
        ConfigError: an unknown name or option.
    """
    return build(choice, encoders, width)


def build_pool(choice: str | Mapping[str, Any], width: int) -> Pool:
    """The pool that a config names; a mechanism is given a learned query.

    Raises:
        ConfigError: an unknown name or option.
    """
    made = build(choice, pools, width)
    return made if isinstance(made, Pool) else AttentionPool(width, made)
