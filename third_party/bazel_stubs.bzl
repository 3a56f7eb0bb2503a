"""Local stand-ins for the rule sets that Bazel itself loads, so that no build downloads them."""

_STUBS = [
    "remote_coverage_tools",
    "rules_cc",
    "rules_java",
    "rules_proto",
]

# Newer Bazels load more of these rule sets than the stubs have, and bring them along.
_OWN_RULE_SETS = ["5.", "6.", "7."]

# buildifier: disable=unnamed-macro
def bazel_stubs():
    """Declares the stand-ins for Bazel 4.2; Debian's build of it has no version number."""
    for version in _OWN_RULE_SETS:
        if native.bazel_version.startswith(version):
            return
    for name in _STUBS:
        native.local_repository(name = name, path = "third_party/" + name)
