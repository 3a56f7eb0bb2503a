// Functions with an algorithm, of which the host has one: the most exact that it can.
#pragma once

#include "pto/ops/combine.hpp"
#include "pto/ops/expand.hpp"

namespace pto {

#define PTO_PRECISE_1(NAME, ALGORITHM)                             \
    template <ALGORITHM algorithm, typename D, typename A>         \
    void NAME(D& dst, const A& src, int line = __builtin_LINE()) { \
        NAME(dst, src, line);                                      \
    }
#define PTO_PRECISE_2(NAME, ALGORITHM)                                              \
    template <ALGORITHM algorithm, typename D, typename A, typename B>              \
    void NAME(D& dst, const A& left, const B& right, int line = __builtin_LINE()) { \
        NAME(dst, left, right, line);                                               \
    }
#define PTO_PRECISE_SCRATCH_1(NAME, ALGORITHM)                                                                        \
    template <ALGORITHM algorithm, typename D, typename A, typename S, typename = std::enable_if_t<host::is_tile<S>>> \
    void NAME(D& dst, const A& src, S& scratch, int line = __builtin_LINE()) {                                        \
        NAME(dst, src, scratch, line);                                                                                \
    }
#define PTO_PRECISE_SCRATCH_2(NAME, ALGORITHM)                                                  \
    template <ALGORITHM algorithm, typename D, typename A, typename B, typename S,              \
              typename = std::enable_if_t<host::is_tile<S>>>                                    \
    void NAME(D& dst, const A& left, const B& right, S& scratch, int line = __builtin_LINE()) { \
        NAME(dst, left, right, scratch, line);                                                  \
    }
PTO_PRECISE_1(TEXP, ExpAlgorithm)
PTO_PRECISE_1(TLOG, LogAlgorithm)
PTO_PRECISE_1(TSQRT, SqrtAlgorithm)
PTO_PRECISE_1(TRECIP, RecipAlgorithm)
PTO_PRECISE_2(TDIV, DivAlgorithm)
PTO_PRECISE_2(TCOLEXPANDDIV, DivAlgorithm)
PTO_PRECISE_2(TFMOD, FmodAlgorithm)
PTO_PRECISE_2(TFMODS, FmodAlgorithm)
PTO_PRECISE_SCRATCH_1(TRSQRT, RsqrtAlgorithm)
PTO_PRECISE_SCRATCH_2(TROWEXPANDDIV, DivAlgorithm)
PTO_PRECISE_SCRATCH_2(TREM, RemAlgorithm)
PTO_PRECISE_SCRATCH_2(TREMS, RemAlgorithm)
#undef PTO_PRECISE_1
#undef PTO_PRECISE_2
#undef PTO_PRECISE_SCRATCH_1
#undef PTO_PRECISE_SCRATCH_2

}  // namespace pto
