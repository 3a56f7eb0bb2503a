"""The build setting that decides whether the benchmark brings torch along for its baselines."""

def _torch_flag_impl(_ctx):
    return []

torch_flag = rule(
    implementation = _torch_flag_impl,
    build_setting = config.bool(flag = True),
    doc = "True: the baselines are torch's, and torch (up to gigabytes to download) is fetched. False: NumPy.",
)
