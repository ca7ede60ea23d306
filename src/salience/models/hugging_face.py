"""Reading models of Hugging Face from a folder or the hub: quietly, offline unless told otherwise, never their code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from salience.core.errors import ConfigError
from salience.core.packages import hugging_face, require


def read(kind: str, name: str, *, download: bool, config: Any = None) -> tuple[Any, list[str]]:
    """A network, and the names of weights that its files do not hold.

    Args:
        kind: a class of transformers that reads models, such as `AutoModel`.
        name: a folder with the model's files, or its name on the Hugging Face hub.
        download: fetch it from the hub if it is not on this machine.
        config: a configuration instead of the model's own.

    Raises:
        ConfigError: there is no such model, or its files are broken.
        MissingPackage: transformers is not installed.
    """
    transformers = require("transformers", extra="pretrained")
    from safetensors import SafetensorError

    # Left open, the question whether to run the model's own code would be asked on the terminal.
    options = {"local_files_only": not download, "trust_remote_code": False, "dtype": torch.float32}
    options |= {} if config is None else {"config": config}
    try:
        with quiet(), hugging_face(download=download):
            network, report = getattr(transformers, kind).from_pretrained(name, output_loading_info=True, **options)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise no_model(name, error) from error
    return network, list(report["missing_keys"])


def configuration(name: str, *, download: bool) -> Any:
    """The configuration of a model.

    Raises:
        ConfigError: there is no such model.
        MissingPackage: transformers is not installed.
    """
    transformers = require("transformers", extra="pretrained")
    options = {"local_files_only": not download, "trust_remote_code": False}
    try:
        with quiet(), hugging_face(download=download):
            return transformers.AutoConfig.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        raise no_model(name, error) from error


def no_model(name: str, error: Exception) -> ConfigError:
    """What to say when a model cannot be read."""
    return ConfigError(
        f"there is no model '{name}' that can be loaded ({str(error).splitlines()[0]})",
        fix="give the folder of a saved model, or a name on the Hugging Face hub with `download: true`",
    )


def incomplete(name: str, missing: list[str]) -> ConfigError:
    """What to say when the files of a model lack weights."""
    return ConfigError(
        f"the files of '{name}' lack the weights {', '.join(sorted(missing)[:3])} ({len(missing)} in all)",
        fix="take a complete copy of the model; what is missing would be random",
    )


def longest(network: nn.Module) -> int | None:
    """How many positions have an embedding; None where positions have none."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Embedding) and name.endswith(("position_embeddings", "wpe")):
            # Some models count positions from behind the padding index.
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """No bars and no tables of expected differences; what matters of them is said by errors."""
    from transformers.utils import logging

    bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
