// What launches leave for the next one, because making it anew costs a page fault for each page.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace pto::host {

/// Places for things, of which each may be empty. Whoever has an Idle should never destroy it: threads may outlive the
/// statics of the library. There is no lock: a process that was forked while another thread held it could never have
/// it.
template <typename T>
class Idle {
  public:
    /// A place for each CPU, if nothing else is said.
    explicit Idle(size_t places = std::max(1u, std::thread::hardware_concurrency())) : places_(places) {}

    /// What is at a place, or else at another one: who comes back to its place finds there what its caches know. Null
    /// if nothing is left.
    std::unique_ptr<T> take(size_t place) {
        for (size_t i = 0; i < places_.size(); ++i) {
            if (T* left = at(place + i).exchange(nullptr)) return std::unique_ptr<T>(left);
        }
        return nullptr;
    }

    /// Leaves a thing at a place, or else at another one; destroys it if it finds all of them taken.
    void give(std::unique_ptr<T> thing, size_t place) {
        for (size_t i = 0; i < places_.size(); ++i) {
            T* nothing = nullptr;
            if (!at(place + i).compare_exchange_strong(nothing, thing.get())) continue;
            thing.release();
            return;
        }
    }

    /// Takes this thing; false if it is not there, since somebody else has taken it.
    bool remove(T* thing) {
        return std::any_of(places_.begin(), places_.end(), [=](std::atomic<T*>& place) {
            T* left = thing;
            return place.compare_exchange_strong(left, nullptr);
        });
    }

  private:
    std::atomic<T*>& at(size_t place) { return places_[place % places_.size()]; }

    std::vector<std::atomic<T*>> places_;
};

}  // namespace pto::host
