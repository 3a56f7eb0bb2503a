#include "runtime/machine/workspaces.hpp"

#include "runtime/machine/idle.hpp"

namespace pto::host {

namespace {

Idle<Workspace>& idle_workspaces() {
    static auto* instance = new Idle<Workspace>;
    return *instance;
}

}  // namespace

WorkspaceHandle take_workspace(uint32_t worker) {
    std::unique_ptr<Workspace> left = idle_workspaces().take(worker);
    if (!left) left = std::make_unique<Workspace>();
    left->worker = worker;
    left->factors.clear();
    return WorkspaceHandle(left.release());
}

void ReturnWorkspace::operator()(Workspace* workspace) const {
    idle_workspaces().give(std::unique_ptr<Workspace>(workspace), workspace->worker);
}

}  // namespace pto::host
