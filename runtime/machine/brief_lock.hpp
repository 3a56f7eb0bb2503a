// A lock for what takes a few microseconds.
#pragma once

#include <atomic>
#include <thread>

namespace pto::host {

/// Who waits for it does not sleep. Linux (6.18) mostly wakes a thread on the CPU of who wakes it, who works on: two
/// threads of a launch that had met at a std::mutex had one CPU for up to 4 ms.
class BriefLock {
  public:
    void lock() {
        while (held_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    }
    void unlock() { held_.store(false, std::memory_order_release); }

  private:
    std::atomic<bool> held_{false};
};

}  // namespace pto::host
