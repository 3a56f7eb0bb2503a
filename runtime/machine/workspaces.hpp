// Stacks and memories of the cores of a block, kept from launch to launch: making them anew costs a page fault for each
// page, which is more than a small launch takes.
#pragma once

#include <cstdint>
#include <memory>

#include "pto/machine/fifo.hpp"
#include "runtime/machine/fiber.hpp"
#include "runtime/machine/memory.hpp"
#include "runtime/machine/mode.hpp"
#include "runtime/machine/packed_factors.hpp"

namespace pto::host {

struct Workspace {
    uint32_t worker = 0;  ///< who has it: see Launcher::work
    OwnFactors factors;
    OnChipMemory cube{CoreKind::Cube, !kTrace};
    OnChipMemory vec[kSubblocks] = {{CoreKind::Vec, !kTrace}, {CoreKind::Vec, !kTrace}};
    FiberStack stacks[1 + kSubblocks];
};

/// Gives a workspace back when its worker is done.
struct ReturnWorkspace {
    void operator()(Workspace* workspace) const;
};

using WorkspaceHandle = std::unique_ptr<Workspace, ReturnWorkspace>;

/// The one that this worker of another launch has left, or else any, or a new one. Throws std::bad_alloc.
WorkspaceHandle take_workspace(uint32_t worker);

}  // namespace pto::host
