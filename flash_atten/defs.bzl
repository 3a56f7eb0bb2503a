"""fa_library: Flash Attention for one set of knobs."""

load("//kernels:defs.bzl", "kernel_library")

# The kernels of a whole S1 and one head, and their knobs: every pair that --s1_tile and --qk_preload can ask for.
FA_KERNELS = {
    "fa_s1tile256": {"qk_preload": 3, "s1_tile": 256},
    "fa_s1tile256_preload4": {"qk_preload": 4, "s1_tile": 256},
    "fa_s1tile512": {"qk_preload": 3, "s1_tile": 512},
    "fa_s1tile512_preload4": {"qk_preload": 4, "s1_tile": 512},
}

# The same with S1 split.
SPLIT_KERNELS = {
    "%s_kvsplit%d" % (name, kv_split): dict(knobs, kv_split = kv_split)
    for name, knobs in FA_KERNELS.items()
    for kv_split in [2, 4]
}

# Many heads in a launch, and log-sum-exps: for flash_atten.attention.
HEADS_KERNELS = {
    "%s_heads" % name: dict(SPLIT_KERNELS.get(name, FA_KERNELS.get(name)), heads = True)
    for name in ["fa_s1tile256", "fa_s1tile512", "fa_s1tile256_kvsplit2", "fa_s1tile512_kvsplit2"]
}

# What --s1_tile, --qk_preload and --kv_split can ask for.
KNOB_KERNELS = dict(FA_KERNELS, **SPLIT_KERNELS)

# Other schedules (docs/schedules.md). No barrier is removed: where one stands, another operation waits for V anyway.
FAST_KERNELS = {
    "fa_s1tile%d_%s" % (s1_tile, schedule): {
        "qk_preload": 4,
        "remove_barriers": [],
        "s1_tile": s1_tile,
        "schedule": schedule,
    }
    for schedule in ["fast", "single"]
    for s1_tile in [256, 512]
}

ALL_KERNELS = dict(dict(KNOB_KERNELS, **HEADS_KERNELS), **FAST_KERNELS)

# What the default flags of programs choose from: --s1_tile=auto takes either tile, --kv_split=auto splits in two or not.
AUTO_KERNELS = ["fa_s1tile256", "fa_s1tile256_kvsplit2", "fa_s1tile512", "fa_s1tile512_kvsplit2"]

def fa_library(
        name,
        s1_tile,
        qk_preload,
        kv_split = 1,
        heads = False,
        schedule = "recipe",
        remove_barriers = ["gu"],
        **kwargs):
    """Builds the Flash Attention kernel for one set of knobs; Q rows and S1 stay run-time arguments.

    The outputs are those of kernel_library.

    Args:
      name: such as fa_s1tile256; `_preload4`, `_kvsplit2` and `_heads` are appended for knobs other than 3, 1 and False.
      s1_tile: rows of K and V per tile.
      qk_preload: tiles of QK that run ahead.
      kv_split: parts that K and V are split into per Q block.
      heads: whether a launch has many heads; such a kernel leaves log-sum-exps too.
      schedule: the order of the work, `recipe`, `fast` or `single`.
      remove_barriers: patterns of //patchers:vec_barriers; [] removes nothing.
      **kwargs: further arguments of kernel_library, and common attributes.
    """
    kernel_library(
        name = name,
        entries = ["call_both"] + (["call_reduce"] if kv_split > 1 else []),
        auditor = "//sim:audit_kernel",
        generator = "//flash_atten:generate",
        kernel = "flash_atten.described:kernel_of",
        prover = "//sim:prove_barriers",
        knobs = {
            "heads": heads,
            "kv_split": kv_split,
            "qk_preload": qk_preload,
            "s1_tile": s1_tile,
            "schedule": schedule,
        },
        remove_barriers = remove_barriers,
        spare_barriers_of = ["reduce_kernel"] if kv_split > 1 else [],
        **kwargs
    )

def fa_libraries(kernels, suffix = "", **kwargs):
    """Declares an fa_library for each set of knobs.

    Args:
      kernels: knobs by name, as FA_KERNELS.
      suffix: of the targets' names, behind that of the kernel.
      **kwargs: further arguments of fa_library.
    """
    for name, knobs in kernels.items():
        fa_library(name = name + suffix, **dict(knobs, **kwargs))
