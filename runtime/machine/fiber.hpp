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

#if defined(__x86_64__)

/// What a function must find again after a call, and no more: swapcontext() asks the system for the signals that are
/// blocked each time, which takes longer than many an operation.
class StackSwitch {
  public:
    /// The first `enter` calls start(argument) on `stack`, which must not return.
    StackSwitch(FiberStack& stack, void (*start)(void*), void* argument);

    void enter();
    void leave();

  private:
    void* inside_;
    void* outside_ = nullptr;
};

#else

class StackSwitch {
  public:
    StackSwitch(FiberStack& stack, void (*start)(void*), void* argument) : start_(start), argument_(argument) {
        getcontext(&inside_);
        inside_.uc_stack.ss_sp = stack.base();
        inside_.uc_stack.ss_size = FiberStack::kBytes;
        inside_.uc_link = &outside_;
        const auto self = reinterpret_cast<uintptr_t>(this);
        makecontext(&inside_, reinterpret_cast<void (*)()>(&StackSwitch::begin), 2, static_cast<uint32_t>(self >> 32),
                    static_cast<uint32_t>(self));
    }

    void enter() { swapcontext(&outside_, &inside_); }
    void leave() { swapcontext(&inside_, &outside_); }

  private:
    static void begin(uint32_t high, uint32_t low) {
        auto* self = reinterpret_cast<StackSwitch*>((static_cast<uintptr_t>(high) << 32) | low);
        self->start_(self->argument_);
    }

    void (*start_)(void*);
    void* argument_;
    ucontext_t inside_;
    ucontext_t outside_;
};

#endif

/// Runs `body` until it yields or returns. `body` must not throw.
class Fiber {
  public:
    Fiber(FiberStack& stack, std::function<void()> body) : body_(std::move(body)), stack_(stack, &Fiber::start, this) {}
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Called from outside: continue the body.
    void resume() { stack_.enter(); }
    /// Called from inside the body: give control back to the caller of resume().
    void yield() { stack_.leave(); }
    bool done() const { return done_; }

  private:
    static void start(void* fiber) {
        auto* self = static_cast<Fiber*>(fiber);
        self->body_();
        self->done_ = true;
        self->yield();
    }

    std::function<void()> body_;
    StackSwitch stack_;
    bool done_ = false;
};

}  // namespace pto::host
