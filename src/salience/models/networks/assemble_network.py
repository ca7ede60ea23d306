"""From the name of a whole network to the network, for windows of a certain shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salience.core.build import build, find, named
from salience.models import networks
from salience.models.networks.network import Network, WindowShape


def assemble_network(shape: WindowShape, *, network: str | Mapping[str, Any]) -> Network:
    """Make a network for windows of this shape.

    Args:
        network: a class of `salience.models.networks`, or one with its options: `{"PatchTST": {"depth": 2}}`.

    Raises:
        ConfigError: an unknown name or option, or windows that the network cannot read.
    """
    return build(network, networks, shape)


def elements_of(network: str | Mapping[str, Any]) -> str:
    """What the positions of a network are: times, variables, patches or cells.

    Raises:
        ConfigError: there is no such network.
    """
    found: type[Network] = find(named(network)[0], networks)
    return found.elements
