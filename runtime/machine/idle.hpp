// What launches leave for the next one, because making it anew costs a page fault for each page.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace pto::host {

/// At most so many owners of a thing. Whoever has one should never destroy it: threads may outlive the statics of the
/// library.
///
/// The lock is only tried: in a process that was forked while another thread held it, it is never free.
template <typename Owner>
class Idle {
  public:
    explicit Idle(size_t most) : most_(most) {}

    /// Null if there is none.
    Owner take() {
        const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (!lock || list_.empty()) return nullptr;
        Owner last = std::move(list_.back());
        list_.pop_back();
        return last;
    }

    void give(Owner owner) {
        const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (lock && list_.size() < most_) list_.push_back(std::move(owner));
    }

  private:
    const size_t most_;
    std::mutex mutex_;
    std::vector<Owner> list_;
};

}  // namespace pto::host
