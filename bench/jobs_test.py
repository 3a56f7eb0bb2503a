"""A variant is what its library says it is; on the host a difference of barriers is no comparison."""

import json
from pathlib import Path

from bench.jobs import Kernel, comparable, variant_of
from bench.variant import Variant
from flash_atten.config import KernelConfig
from kernels.library import BuildInfo

CONFIG = KernelConfig()
GU = Variant(KernelConfig(), "gu", "fa_s1tile256")


def _info(**more: object) -> BuildInfo:
    fields = {
        "name": "fa_s1tile256",
        "backend": "host",
        "mode": "execute",
        "knobs": CONFIG.knobs,
        "entries": [],
        **more,
    }
    return BuildInfo.parse(json.dumps(fields))


def test_the_library_knows_its_barriers_better_than_the_flag() -> None:
    assert variant_of(Kernel(CONFIG), _info(remove_barriers=[])).barriers == "none"
    assert variant_of(Kernel(CONFIG), _info(remove_barriers=["gu", "proved"])).barriers == "gu+proved"
    assert variant_of(Kernel(CONFIG, "none"), _info()).barriers == "none"


def test_several_named_libraries_are_told_apart_by_their_paths() -> None:
    kernels = [Kernel(CONFIG, library=Path(name)) for name in ("a/fa.so", "b/fa.so")]
    assert [variant_of(kernel, _info(), kernels).library for kernel in kernels] == ["a/fa.so", "b/fa.so"]
    assert variant_of(kernels[0], _info(), kernels[:1]).library == "fa_s1tile256"


def test_barriers_are_no_comparison_on_the_host() -> None:
    none = GU._replace(barriers="none", library="fa_s1tile256_unpatched")
    assert not comparable("host", GU, none)
    assert comparable("npu", GU, none)
    assert comparable("host", GU, GU._replace(library="b/fa.so"))
    assert comparable("host", GU, none._replace(config=KernelConfig(qk_preload=4)))


def test_a_label_says_what_differs() -> None:
    wide = GU._replace(config=KernelConfig(512), library="fa_s1tile512")
    assert wide.label([GU]) == "tile 512"
    assert wide.label([GU, GU._replace(barriers="none")]) == "tile 512, without gu"
    assert GU._replace(barriers="none").label([GU]) == "all barriers"
    assert GU._replace(library="b/fa.so").label([GU]) == "b/fa.so"
    assert GU.label() == "tile 256, preload 3, split 1, recipe, without gu, fa_s1tile256"
