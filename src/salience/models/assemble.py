"""From names to a model: an encoder and a pool for every input column, under one head."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType
from typing import Any

from torch import nn

import salience.attention as mechanisms
from salience.attention.mechanism import suited
from salience.core.build import build, find, known, named, options_of
from salience.core.errors import ConfigError
from salience.models import encoders, pools
from salience.models.model import Model
from salience.models.pools.attention_pool import AttentionPool
from salience.models.pools.pool import Pool


def assemble(
    stems: Mapping[str, Callable[[int], nn.Module]],
    head: Callable[[int], nn.Module],
    gives: Mapping[str, Collection[str]],
    *,
    width: int = 128,
    encoder: str | Mapping[str, Any] | None = None,
    attention: str | Mapping[str, Any] | None = None,
    pool: str | Mapping[str, Any] = "Additive",
    dropout: float = 0.3,
) -> Model:
    """Make a model for these columns.

    Args:
        stems: per column a function from a width to its stem (`modality.stem`).
        head: a function from a width to the head (`task.head`).
        gives: per column the fields of `Layout` that its data have (`modality.gives`).
        width: of every stem; an encoder may give another one.
        encoder: a class of `salience.models.encoders`, or one with its options: `{"Convolution": {"layers": 2}}`; or
            such a choice for each column: `{"review": "Convolution", "table": "TabNet"}`. None is `Transformer` if
            there is an `attention`, `Convolution` otherwise.
        attention: how positions look at each other: a mechanism of `salience.attention`, or one with its options.
        pool: `Mean`, `Max` or a mechanism of `salience.attention`, or one with its options; or such a choice for each
            column.
        dropout: see `Model`.

    Raises:
        ConfigError: an unknown name or option, a number outside its range, or a mechanism that needs what the data do
            not have.
    """
    if width < 1 or not 0 <= dropout < 1:
        raise ConfigError(
            f"width must be at least 1, and dropout at least 0 and below 1, got {width} and {dropout}", where="model"
        )
    chosen, looking = of_each(encoder, stems, encoders), of_each(pool, stems, pools)
    made = {column: build_encoder(_with_attention(each, attention), width) for column, each in chosen.items()}
    read = {column: stem(width) for column, stem in stems.items() if not hasattr(made[column], "stem")}
    asked = {column: build_pool(looking[column] or "Additive", each.width) for column, each in made.items()}
    model = Model(read, made, asked, head(sum(each.width for each in asked.values())), dropout=dropout)
    for column, *parts in zip(model.columns, model.encoders, model.pools, strict=True):
        for each in (module for part in parts for module in part.modules()):
            suited(type(each), gives=gives[column], where=f"the model of the column '{column}'")
    return model


def of_each(
    choice: str | Mapping[str, Any] | None, columns: Iterable[str], room: ModuleType
) -> dict[str, str | Mapping[str, Any] | None]:
    """The encoder, or pool, of each column, from one for all or from a mapping that names exactly these columns.

    >>> of_each({"review": "Convolution", "table": "TabNet"}, ["review", "table"], encoders)
    {'review': 'Convolution', 'table': 'TabNet'}
    """
    names = list(columns)
    if isinstance(choice, Mapping) and set(choice) == set(names) and not all(known(each, room) for each in names):
        return {name: choice[name] for name in names}
    return dict.fromkeys(names, choice)


def with_edge_features(
    encoder: str | Mapping[str, Any] | None, counts: Mapping[str, int]
) -> str | Mapping[str, Any] | None:
    """The choice of encoders, told how many numbers each edge of a column has.

    Raises:
        ConfigError: edges have numbers, and the encoder of the column does not read them.
    """
    if not any(counts.values()):
        return encoder
    chosen = of_each(encoder, counts, encoders)
    for column, count in counts.items():
        name, options = named(chosen[column] or "Convolution")
        if count and "edge_features" not in options_of(find(name, encoders)):
            raise ConfigError(
                f"{name} does not read the features of edges",
                where=f"the model of the column '{column}'",
                fix="choose the encoder GraphStack, or leave edge_features of the input out",
            )
        chosen[column] = {name: {**options, "edge_features": count}} if count else chosen[column]
    return chosen if len(chosen) > 1 else next(iter(chosen.values()))


def build_encoder(choice: str | Mapping[str, Any], width: int) -> Any:
    """The encoder that a config names.

    Raises:
        ConfigError: an unknown name or option.
    """
    return build(choice, encoders, width)


def build_pool(choice: str | Mapping[str, Any], width: int) -> Pool:
    """The pool that a config names; a mechanism is given a learned query.

    Raises:
        ConfigError: an unknown name or option, or a mechanism that takes no query from outside.
    """
    name, _ = named(choice)
    if known(name, mechanisms) and not known(name, pools):
        raise ConfigError(
            f"{name} mixes positions among themselves, and a pool asks them from outside",
            where="model.pool",
            fix=f"give it as `attention: {name}`, and choose a pool such as Additive",
        )
    made = build(choice, pools, width)
    return made if isinstance(made, Pool) else AttentionPool(width, made)


def _with_attention(
    encoder: str | Mapping[str, Any] | None, attention: str | Mapping[str, Any] | None
) -> str | Mapping[str, Any]:
    """The encoder that both settings together name.

    Raises:
        ConfigError: the encoder has no attention to choose.
    """
    if attention is None:
        return "Convolution" if encoder is None else encoder
    name, options = named("Transformer" if encoder is None else encoder)
    if "attention" not in options_of(find(name, encoders)):
        raise ConfigError(
            f"the positions of {name} do not look at each other, so there is no attention to choose",
            where="model.attention",
            fix="leave the encoder out, or choose Transformer; the attention of a pool is `pool`",
        )
    return {name: {**options, "attention": attention}}
