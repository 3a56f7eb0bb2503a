"""Build settings that are switched on the command line: `--//PACKAGE:NAME`, `--no//PACKAGE:NAME`."""

def _bool_flag_impl(_ctx):
    return []

bool_flag = rule(
    implementation = _bool_flag_impl,
    build_setting = config.bool(flag = True),
    doc = "Read by config_setting(flag_values = {NAME: \"True\"}).",
)
