"""Build settings that are switched on the command line: `--//PACKAGE:NAME`, `--no//PACKAGE:NAME`, `--//PACKAGE:NAME=WORD`."""

def _bool_flag_impl(_ctx):
    return []

bool_flag = rule(
    implementation = _bool_flag_impl,
    build_setting = config.bool(flag = True),
    doc = "Read by config_setting(flag_values = {NAME: \"True\"}).",
)

WordInfo = provider(
    doc = "The value of a word_flag.",
    fields = {"word": ":type: string. One of its words."},
)

def _word_flag_impl(ctx):
    word = ctx.build_setting_value
    if word not in ctx.attr.words:
        fail("--%s=%s: known are %s" % (ctx.label, word, ", ".join(ctx.attr.words)))
    return [WordInfo(word = word)]

word_flag = rule(
    implementation = _word_flag_impl,
    attrs = {"words": attr.string_list(mandatory = True, doc = "What may be asked for.")},
    build_setting = config.string(flag = True),
    doc = "Read by rules through WordInfo.",
)
