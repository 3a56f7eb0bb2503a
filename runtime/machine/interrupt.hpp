// Ctrl-C during a launch.
#pragma once

namespace pto::host {

/// While it lives, an interrupt (SIGINT) is noted, and the process's own handler is called as before. Only on the main
/// thread, and only if there is a handler: to be ended, or to ignore it, is what else a process does at an interrupt.
/// There is at most one at a time on the main thread.
class InterruptWatch {
  public:
    InterruptWatch();
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    /// Whether it has noted an interrupt.
    bool interrupted() const;

  private:
    bool installed_ = false;
};

}  // namespace pto::host
