"""Networks for windows of a series. The public names of this room are the choices of a config."""

from salience.models.networks.network import Network, WindowShape

__all__ = ["Network", "WindowShape"]
