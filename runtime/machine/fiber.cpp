#include "runtime/machine/fiber.hpp"

#if defined(__x86_64__)

// The registers that a function keeps by the System V ABI: six of integers, the controls of SSE and x87, and the
// stack's own. A stack that was left has, from its pointer on, the two controls, the six, and where to return to.
__asm__(
    ".text\n"
    ".hidden pto_switch_stack\n"
    ".globl pto_switch_stack\n"
    ".type pto_switch_stack, @function\n"
    "pto_switch_stack:\n"
    "    pushq %rbp\n"
    "    pushq %rbx\n"
    "    pushq %r12\n"
    "    pushq %r13\n"
    "    pushq %r14\n"
    "    pushq %r15\n"
    "    subq $8, %rsp\n"
    "    stmxcsr (%rsp)\n"
    "    fnstcw 4(%rsp)\n"
    "    movq %rsp, (%rdi)\n"
    "    movq %rsi, %rsp\n"
    "    ldmxcsr (%rsp)\n"
    "    fldcw 4(%rsp)\n"
    "    addq $8, %rsp\n"
    "    popq %r15\n"
    "    popq %r14\n"
    "    popq %r13\n"
    "    popq %r12\n"
    "    popq %rbx\n"
    "    popq %rbp\n"
    "    ret\n"
    ".size pto_switch_stack, . - pto_switch_stack\n"
    // The first time on a stack: r12 is what to call, rbx its argument. No caller is left to unwind to.
    ".hidden pto_begin_stack\n"
    ".globl pto_begin_stack\n"
    ".type pto_begin_stack, @function\n"
    "pto_begin_stack:\n"
    "    .cfi_startproc\n"
    "    .cfi_undefined rip\n"
    "    movq %rbx, %rdi\n"
    "    callq *%r12\n"
    "    ud2\n"
    "    .cfi_endproc\n"
    ".size pto_begin_stack, . - pto_begin_stack\n");

extern "C" {
/// Leaves the stack of the caller, whose pointer it stores, and goes on where another stack was left.
void pto_switch_stack(void** left, void* to);
void pto_begin_stack();
}

namespace pto::host {

namespace {

struct LeftStack {
    uint32_t mxcsr;
    uint32_t x87_control;
    void *r15, *r14, *r13, *r12, *rbx, *rbp;
    void (*return_to)();
    void* above[2];  ///< so that the stack is at a multiple of 16 bytes where a function is called
};

}  // namespace

StackSwitch::StackSwitch(FiberStack& stack, void (*start)(void*), void* argument) {
    auto* top = static_cast<std::byte*>(stack.base()) + FiberStack::kBytes;
    auto* left = new (top - sizeof(LeftStack)) LeftStack{};
    __asm__("stmxcsr %0" : "=m"(left->mxcsr));
    __asm__("fnstcw %0" : "=m"(left->x87_control));
    left->r12 = reinterpret_cast<void*>(start);
    left->rbx = argument;
    left->return_to = &pto_begin_stack;
    inside_ = left;
}

void StackSwitch::enter() { pto_switch_stack(&outside_, inside_); }

void StackSwitch::leave() { pto_switch_stack(&inside_, outside_); }

}  // namespace pto::host

#endif
