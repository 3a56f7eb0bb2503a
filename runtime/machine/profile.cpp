#include "runtime/machine/profile.hpp"

#include "runtime/machine/error.hpp"

namespace pto::host {

void Profile::add(const Profile& other) {
    for (int core = 0; core < 1 + kSubblocks; ++core) {
        for (int op = 0; op < kOperations; ++op) {
            rows_[core][op].calls += other.rows_[core][op].calls;
            rows_[core][op].elements += other.rows_[core][op].elements;
            rows_[core][op].nanoseconds += other.rows_[core][op].nanoseconds;
        }
    }
}

std::string Profile::text() const {
    constexpr const char* kCores[] = {"cube", "vec0", "vec1"};
    std::string lines;
    for (int core = 0; core < 1 + kSubblocks; ++core) {
        for (int op = 0; op < kOperations; ++op) {
            const Row& row = rows_[core][op];
            if (row.calls == 0) continue;
            lines +=
                format("%s\t%s\t%lu\t%lu\t%lu\n", kCores[core], kOpNames[op], row.calls, row.elements, row.nanoseconds);
        }
    }
    return lines;
}

}  // namespace pto::host
