#include "runtime/machine/workspaces.hpp"

#include <mutex>
#include <thread>
#include <vector>

namespace pto::host {

namespace {

/// Workspaces that no launch uses. Never destroyed: threads may outlive the statics of the library.
struct Idle {
    std::mutex mutex;
    std::vector<std::unique_ptr<Workspace>> list;
    const size_t most = std::max(1u, std::thread::hardware_concurrency());
};

Idle& idle() {
    static auto* instance = new Idle;
    return *instance;
}

}  // namespace

// The lock is only tried: in a process that was forked while another thread held it, it is never free.

WorkspaceHandle take_workspace() {
    const std::unique_lock<std::mutex> lock(idle().mutex, std::try_to_lock);
    if (!lock || idle().list.empty()) return WorkspaceHandle(new Workspace);
    Workspace* workspace = idle().list.back().release();
    idle().list.pop_back();
    return WorkspaceHandle(workspace);
}

void ReturnWorkspace::operator()(Workspace* workspace) const {
    std::unique_ptr<Workspace> owned(workspace);
    const std::unique_lock<std::mutex> lock(idle().mutex, std::try_to_lock);
    if (lock && idle().list.size() < idle().most) idle().list.push_back(std::move(owned));
}

}  // namespace pto::host
