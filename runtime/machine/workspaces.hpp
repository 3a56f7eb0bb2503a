// Stacks and memories of the cores of a block, kept from launch to launch: making them anew costs a page fault for each
// page, which is more than a small launch takes.
#pragma once

#include <memory>

#include "pto/machine/fifo.hpp"
#include "runtime/machine/fiber.hpp"
#include "runtime/machine/memory.hpp"
#include "runtime/machine/mode.hpp"

namespace pto::host {

struct Workspace {
    OnChipMemory cube{CoreKind::Cube, !kTrace};
    OnChipMemory vec[kSubblocks] = {{CoreKind::Vec, !kTrace}, {CoreKind::Vec, !kTrace}};
    FiberStack stacks[1 + kSubblocks];
};

/// Gives a workspace back when its worker is done.
struct ReturnWorkspace {
    void operator()(Workspace* workspace) const;
};

using WorkspaceHandle = std::unique_ptr<Workspace, ReturnWorkspace>;

/// One that another launch has left, or a new one. Throws std::bad_alloc.
WorkspaceHandle take_workspace();

}  // namespace pto::host
