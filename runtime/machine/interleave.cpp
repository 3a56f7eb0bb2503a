#include "runtime/machine/interleave.hpp"

#include <algorithm>
#include <utility>

namespace pto::host {

namespace {

/// Blocks at a time: the cube cores of one A3 die. More blocks than that do not run at once on the device either.
constexpr size_t kBlocksAtOnce = 24;

/// Turns last up to 2^8 steps, and short ones are as likely as long ones: some races need a core to be far behind.
constexpr uint64_t kTurnMagnitudes = 9;

}  // namespace

void Interleaver::run(const Look& look, const Logs& logs, const Finish& finish) {
    do {
        if (look) look();
        begin_blocks(logs);
    } while (!live_.empty() && give_turn(finish));
    for (const auto& live : live_) live->block->abort_with("");
}

void Interleaver::begin_blocks(const Logs& logs) {
    while (live_.size() < kBlocksAtOnce && next_ < launch_.block_count) {
        auto live = std::make_unique<Live>();
        live->block = std::make_unique<Block>(launch_, next_, *live->workspace, logs(next_));
        live_.push_back(std::move(live));
        ++next_;
    }
}

/// Lets one core go on. Returns false if the launch has failed.
bool Interleaver::give_turn(const Finish& finish) {
    std::vector<std::pair<size_t, Core*>> ready;
    for (size_t l = 0; l < live_.size(); ++l) {
        const size_t before = ready.size();
        for (Core* core : live_[l]->block->ready_cores()) ready.emplace_back(l, core);
        if (ready.size() > before) continue;
        finish(*live_[l]->block, live_[l]->block->deadlock_report());
        return false;
    }
    const auto [l, core] = ready[random() % ready.size()];
    Block& block = *live_[l]->block;
    core->steps_left = uint64_t{1} << (random() % kTurnMagnitudes);
    block.resume(*core);
    if (!core->error.empty() || block.all_done()) {
        finish(block, core->error);
        if (block.all_done()) live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(l));
    }
    return !launch_.failed;
}

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t Interleaver::random() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace pto::host
