"""The parts of the benchmark of the attention kernels."""
