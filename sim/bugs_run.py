"""Runs the bug suite: assembles and compiles all kernels, launches and judges each, compares with what is expected.

The kernels in C++ are one text with an entry for each, so that they are compiled once; those in MLIR are modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import Argument, HostKernel, KernelFailure
from sim.bugs_case import Case, Check, Language
from sim.bugs_modules import HEAD
from sim.findings import Finding
from sim.hazards import judge
from sim.program import bytes_of
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.parse import parse_module
from tools.ptoas.verify import verify_module
from tracing.file import read_trace

TYPES = """#include "pto/pto-inst.hpp"
using namespace pto;
using T = Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, 16, 64>;
using S = Tile<TileType::Vec, float, 4, 64, BLayout::RowMajor, 4, 64>;
using K = Tile<TileType::Vec, float, 8, 128, BLayout::RowMajor, 8, 128>;
using R = Tile<TileType::Vec, float, 16, 1, BLayout::ColMajor, 16, 1>;
using O = Tile<TileType::Vec, float, 8, 1, BLayout::ColMajor, 8, 1>;
using H = Tile<TileType::Vec, half, 16, 64, BLayout::RowMajor, 16, 64>;
using M = Tile<TileType::Mat, half, 32, 64, BLayout::ColMajor, 32, 64, SLayout::RowMajor, 512>;
using G = GlobalTensor<float, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, pto::Layout::ND>;
using G4 = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 64>, pto::Stride<256, 256, 256, 64, 1>, pto::Layout::ND>;
using FarStride = pto::Stride<1, 1, 1, -1, 1>;
using Far = GlobalTensor<float, pto::Shape<1, 1, 1, 16, 64>, FarStride, pto::Layout::ND>;
using Columns = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 64>, pto::Stride<1, 1, 1, 256, 1>, pto::Layout::ND>;
using W = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 16>;
using Bare = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 13>;
using Padded = Tile<TileType::Vec, float, 4, 16, BLayout::RowMajor, 4, 13, SLayout::NoneBox, 512, PadValue::Zero>;
using G13 = GlobalTensor<float, pto::Shape<1, 1, 1, 4, 13>, pto::Stride<64, 64, 64, 16, 1>, pto::Layout::ND>;
using E = GlobalTensor<half, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, pto::Layout::ND>;
using F = GlobalTensor<half, pto::Shape<1, 1, 1, 32, 64>, pto::Stride<2048, 2048, 2048, 64, 1>, pto::Layout::ND>;
using P = TPipe<0, Direction::DIR_V2C, 4096, 8, 8, false>;
using L1A = Tile<TileType::Mat, half, 32, 64, BLayout::ColMajor, 32, 64, SLayout::RowMajor, 512>;
using L1B = Tile<TileType::Mat, half, 64, 32, BLayout::ColMajor, 64, 32, SLayout::RowMajor, 512>;
using L0A = Tile<TileType::Left, half, 32, 64, BLayout::RowMajor, 32, 64, SLayout::RowMajor, 512>;
using L0B = Tile<TileType::Right, half, 64, 32, BLayout::RowMajor, 64, 32, SLayout::ColMajor, 512>;
using L0C = Tile<TileType::Acc, float, 32, 32, BLayout::ColMajor, 32, 32, SLayout::RowMajor, 1024>;
using GA = GlobalTensor<half, pto::Shape<1, 1, 1, 32, 64>, pto::Stride<2048, 2048, 2048, 64, 1>, pto::Layout::ND>;
using GB = GlobalTensor<half, pto::Shape<1, 1, 1, 64, 32>, pto::Stride<2048, 2048, 2048, 32, 1>, pto::Layout::ND>;
using GC = GlobalTensor<float, pto::Shape<1, 1, 1, 32, 32>, pto::Stride<1024, 1024, 1024, 32, 1>, pto::Layout::ND>;
constexpr auto U = TileSplitAxis::TILE_UP_DOWN;
"""
TILES = (
    "T a, b, c; TASSIGN(a, 0); TASSIGN(b, 4096); TASSIGN(c, 8192); S s, t, s0; TASSIGN(s, 12288); TASSIGN(t, 13312);"
    " TASSIGN(s0, 0); K k; TASSIGN(k, 16384); R r, q; TASSIGN(r, 20480); TASSIGN(q, 20544); O o; TASSIGN(o, 20480);"
    " W w; TASSIGN(w, 24576); Bare bare; TASSIGN(bare, 24576); Padded padded; TASSIGN(padded, 24576);"
    " G gx(x), gy(y); G4 g4(x); G13 g13(x);"
)

ELEMENTS = 65536
"""Of x and y, fp32."""
SLOTS = 8 * 2048
"""Elements of the slots of FIFOs, fp16; in cases in C++ they lie at the beginning of x."""


@dataclass(frozen=True)
class Row:
    """What the checks said of a case."""

    case: Case
    faulty: str
    """What was said of the faulty kernel, with the check before it; empty if nothing."""
    mended: str
    """The same of the mended one."""

    @property
    def caught(self) -> bool:
        """Whether the check that must do so caught the faulty kernel, for the right reason."""
        return self.faulty.startswith(self.case.check.value) and self.case.reason in self.faulty

    @property
    def ok(self) -> bool:
        """Whether the fault was caught, and the mended kernel passed."""
        return self.caught and not self.mended


def run_all(cases: Sequence[Case], directory: Path) -> Iterator[Row]:
    """Assemble and compile all kernels in `directory`, and yield a row for each case."""
    suite = _Suite(cases, directory)
    for number, case in enumerate(cases):
        yield Row(case, suite.check(case, number, mended=False), suite.check(case, number, mended=True))


class _Suite:
    """All kernels of the cases, compiled; those in MLIR that are refused are not."""

    def __init__(self, cases: Sequence[Case], directory: Path) -> None:
        self.directory = directory
        self.refused: dict[str, str] = {}
        assembled: dict[Sync, list[str]] = {Sync.NONE: [], Sync.INSERT: []}
        computing: list[str] = []
        for number, case in enumerate(cases):
            if case.language is Language.CPP:
                continue
            for mended in (False, True):
                name, text = entry_name(number, mended=mended), module(case, number, mended=mended)
                sync = Sync.NONE if case.unordered and not mended else Sync.INSERT
                self.refused[name] = refusal(HEAD + text, sync)
                if not self.refused[name]:
                    assembled[sync].append(text)
                    computing += [text] if case.computes else []
        cpp = [assemble(HEAD + "\n".join(texts), "bugs.mlir", Options(sync)) for sync, texts in assembled.items()]
        self.traced = self._compile("trace", "\n".join([source(cases), *cpp]))
        self.executed = self._compile(
            "execute", assemble(HEAD + "\n".join(computing), "bugs.mlir", Options(Sync.INSERT))
        )

    def _compile(self, mode: str, text: str) -> HostKernel:
        # host_kernel asks for some entry: the name before the first list of parameters. `check` names its own.
        first = text[: text.index("(__gm__ float*")].split()[-1]
        return host_kernel(text, self.directory, first, name=f"bugs_{mode}", mode=mode)

    def check(self, case: Case, number: int, *, mended: bool) -> str:
        """Return what the checks say of one of the two kernels of a case, empty if nothing."""
        entry = entry_name(number, mended=mended)
        if refused := self.refused.get(entry):
            return refused
        x, y = np.ones(ELEMENTS, np.float32), np.ones(ELEMENTS, np.float32)
        arguments: list[Argument] = [x, y, case.n]
        # What FIFOs have their slots in holds nothing before the launch.
        # x is fp32: half as many of its elements.
        scratch = [bytes_of(x[: SLOTS // 2])] if "TPOP" in case.text else []
        if case.language is Language.MLIR:
            slots = np.zeros(SLOTS, np.float16)
            arguments.append(slots)
            scratch = [bytes_of(slots)] if "!pto.pipe" in case.text else []
        path = self.directory / f"{entry}.trace"
        try:
            self.traced.trace(path, case.blocks, *arguments, entry=entry)
            if case.computes:
                self.executed.launch(case.blocks, *arguments, entry=entry)
        except KernelFailure as error:
            return f"{Check.RUNTIME.value}: {error}"
        verdict = judge(read_trace(path), scratch=scratch, v_rule=case.v_rule)
        if found := ", ".join(dict.fromkeys(map(_in_words, verdict.findings))):
            return f"{Check.JUDGE.value}: {found}"
        return _difference(y, np.array(case.computes, np.float32))


def _in_words(finding: Finding) -> str:
    """Return kind and operations of a finding."""
    return f"{finding.kind.value} {f'{finding.first.op} -> ' if finding.first else ''}{finding.second.op}"


def _difference(y: NDArray[np.float32], wanted: NDArray[np.float32]) -> str:
    """Return what is not to the bit as it must be (of NaN, that it is one)."""
    got = y[: wanted.size]
    # By bits, as 0.0 == -0.0.
    same = (got.view(np.uint32) == wanted.view(np.uint32)) | (np.isnan(got) & np.isnan(wanted))
    return "" if same.all() else f"{Check.NUMBERS.value}: {got.tolist()} instead of {wanted.tolist()}"


def entry_name(number: int, *, mended: bool) -> str:
    """Return the entry of a case in the C++ of all."""
    return f"case{number}_{'mended' if mended else 'faulty'}"


def source(cases: Sequence[Case]) -> str:
    """Return the C++ of all kernels that are written in it: one entry each, by their numbers in `cases`."""
    parts = [TYPES]
    for number, case in enumerate(cases):
        if case.language is Language.CPP:
            parts += [_entry(case, number, mended=mended) for mended in (False, True)]
    return "\n".join(parts)


def _entry(case: Case, number: int, *, mended: bool) -> str:
    body = case.kernel(mended=mended)
    if case.cores != "all":
        only = "if (get_subblockid() != 0) return;" if case.cores == "first" else ""
        body = f"#if defined(__DAV_VEC__)\n{only}\n{TILES}\n{body}\n#endif"
    head = f'extern "C" __global__ AICORE void {entry_name(number, mended=mended)}'
    return f"{head}(__gm__ float* x, __gm__ float* y, int64_t n) {{\n{body}\n}}\n"


def refusal(text: str, sync: Sync) -> str:
    """Return who refuses a module and what for, empty if it is assembled."""
    try:
        parsed = parse_module(text, "case.mlir")
    except AssemblerError as error:
        return f"{Check.VERIFIER.value}: {error}"
    if errors := list(verify_module(parsed.module)):
        return f"{Check.VERIFIER.value}: {parsed.diagnose(errors[0])}"
    try:
        assemble(text, "case.mlir", Options(sync))
    except AssemblerError as error:
        return f"{Check.ASSEMBLER.value}: {error}"
    return ""


def module(case: Case, number: int, *, mended: bool) -> str:
    """Return the functions of one of the two kernels of a case in MLIR."""
    return case.kernel(mended=mended).replace("NAME", entry_name(number, mended=mended))
