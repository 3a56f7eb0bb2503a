#include "runtime/machine/workspaces.hpp"

#include <algorithm>
#include <thread>

#include "runtime/machine/idle.hpp"

namespace pto::host {

namespace {

Idle<std::unique_ptr<Workspace>>& idle() {
    static auto* instance = new Idle<std::unique_ptr<Workspace>>(std::max(1u, std::thread::hardware_concurrency()));
    return *instance;
}

}  // namespace

WorkspaceHandle take_workspace() {
    std::unique_ptr<Workspace> left = idle().take();
    return WorkspaceHandle(left ? left.release() : new Workspace);
}

void ReturnWorkspace::operator()(Workspace* workspace) const { idle().give(std::unique_ptr<Workspace>(workspace)); }

}  // namespace pto::host
