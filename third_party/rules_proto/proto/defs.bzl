"""The part of rules_proto's public API that Bazel's own packages load."""

proto_lang_toolchain = native.proto_lang_toolchain
proto_library = native.proto_library
