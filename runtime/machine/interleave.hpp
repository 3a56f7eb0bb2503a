// A random order of the cores of a launch.
//
// By itself a core runs until a FIFO makes it wait, so cores that race still meet in the same order every time. Here
// all run on one thread, and before each access to global memory and each wait for a FIFO another one may get its turn:
// there is nothing else by which they can see each other. The same seed is the same order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/machine/block.hpp"

namespace pto::host {

class Interleaver {
  public:
    using Logs = std::function<CoreLog*(uint32_t block)>;
    using Finish = std::function<void(const Block& block, const std::string& trouble)>;

    Interleaver(Launch& launch, uint64_t seed) : launch_(launch), state_(seed) {}

    /// Runs all blocks. `finish` is called for each when it has ended, and when it cannot go on; `look` before each
    /// turn.
    void run(const Look& look, const Logs& logs, const Finish& finish);

  private:
    /// A block that has begun and not ended.
    struct Live {
        WorkspaceHandle workspace = take_workspace(0);  // all run on one thread
        std::unique_ptr<Block> block;
    };

    void begin_blocks(const Logs& logs);
    bool give_turn(const Finish& finish);
    uint64_t random();

    Launch& launch_;
    uint64_t state_;
    uint32_t next_ = 0;
    std::vector<std::unique_ptr<Live>> live_;
};

}  // namespace pto::host
