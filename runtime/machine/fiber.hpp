// A cooperative thread with its own stack.
#pragma once

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <utility>

namespace pto::host {

/// Stack of a fiber: lazily committed, with a guard page below.
class FiberStack {
  public:
    FiberStack() {
        base_ = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base_ == MAP_FAILED) throw std::bad_alloc();
        mprotect(base_, static_cast<size_t>(sysconf(_SC_PAGESIZE)), PROT_NONE);
    }
    ~FiberStack() { munmap(base_, kBytes); }
    FiberStack(const FiberStack&) = delete;
    FiberStack& operator=(const FiberStack&) = delete;

    void* base() const { return base_; }
    static constexpr size_t kBytes = size_t{4} << 20;

  private:
    void* base_;
};

/// Runs `body` until it yields or returns. `body` must not throw.
class Fiber {
  public:
    Fiber(FiberStack& stack, std::function<void()> body) : body_(std::move(body)) {
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack.base();
        context_.uc_stack.ss_size = FiberStack::kBytes;
        context_.uc_link = &caller_;
        const auto self = reinterpret_cast<uintptr_t>(this);
        makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::start), 2, static_cast<uint32_t>(self >> 32),
                    static_cast<uint32_t>(self));
    }
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Called from outside: continue the body.
    void resume() { swapcontext(&caller_, &context_); }
    /// Called from inside the body: give control back to the caller of resume().
    void yield() { swapcontext(&context_, &caller_); }
    bool done() const { return done_; }

  private:
    static void start(uint32_t high, uint32_t low) {
        auto* self = reinterpret_cast<Fiber*>((static_cast<uintptr_t>(high) << 32) | low);
        self->body_();
        self->done_ = true;
    }

    std::function<void()> body_;
    ucontext_t context_;
    ucontext_t caller_;
    bool done_ = false;
};

}  // namespace pto::host
