"""One number decides everything random."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch


def derive(seed: int, *purpose: object) -> int:
    """A new seed for one purpose: equal arguments give equal seeds, on every machine.

    >>> derive(0, "epoch", 3) == derive(0, "epoch", 3) != derive(0, "epoch", 4)
    True
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
