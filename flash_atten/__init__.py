"""Flash Attention forward for Ascend A3: configuration, kernel, launch and check."""
