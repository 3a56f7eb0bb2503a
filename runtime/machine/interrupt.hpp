// Ctrl-C during a launch.
#pragma once

namespace pto::host {

/// While it lives, an interrupt (SIGINT) is noted, and the process's own handler is called as before. Only on the main
/// thread, and only if there is a handler: to be ended, or to ignore it, is what else a process does at an interrupt.
/// There is at most one at a time.
class InterruptWatch {
  public:
    InterruptWatch();
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    /// Whether there was an interrupt since it began.
    static bool interrupted();

  private:
    bool installed_ = false;
};

}  // namespace pto::host
