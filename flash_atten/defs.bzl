"""fa_library: Flash Attention for one set of knobs."""

load("//kernels:defs.bzl", "kernel_library")

# The kernels that are shipped, and their knobs: every pair that --s1_tile and --qk_preload can ask for.
FA_KERNELS = {
    "fa_s1tile256": {"qk_preload": 3, "s1_tile": 256},
    "fa_s1tile256_preload4": {"qk_preload": 4, "s1_tile": 256},
    "fa_s1tile512": {"qk_preload": 3, "s1_tile": 512},
    "fa_s1tile512_preload4": {"qk_preload": 4, "s1_tile": 512},
}

# What the default flags of programs choose from: --s1_tile=auto takes either tile.
AUTO_KERNELS = ["fa_s1tile256", "fa_s1tile512"]

def fa_library(name, s1_tile, qk_preload, kv_split = 1, heads = False, remove_barriers = ["gu"], **kwargs):
    """Builds the Flash Attention kernel for one set of knobs; Q rows and S1 stay run-time arguments.

    The outputs are those of kernel_library.

    Args:
      name: such as fa_s1tile256; `_preload4` and `_kvsplit2` are appended for knobs other than 3 and 1.
      s1_tile: rows of K and V per tile.
      qk_preload: tiles of QK that run ahead.
      kv_split: parts that K and V are split into per Q block.
      heads: whether a launch has many heads.
      remove_barriers: patterns of //patchers:vec_barriers; [] removes nothing.
      **kwargs: further arguments of kernel_library, and common attributes.
    """
    kernel_library(
        name = name,
        entries = ["call_both"] + (["call_reduce"] if kv_split > 1 else []),
        generator = "//flash_atten:generate",
        knobs = {
            "heads": heads,
            "kv_split": kv_split,
            "qk_preload": qk_preload,
            "s1_tile": s1_tile,
        },
        remove_barriers = remove_barriers,
        spare_barriers_of = ["reduce_kernel"] if kv_split > 1 else [],
        **kwargs
    )
