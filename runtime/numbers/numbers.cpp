// The loops for one level of CPU: compiled once for each, see level.hpp.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // the last piece of a run fills its buffer partly
#endif

#include "runtime/numbers/numbers.hpp"

#include "runtime/numbers/chain.hpp"
#include "runtime/numbers/convert.hpp"
#include "runtime/numbers/copy.hpp"
#include "runtime/numbers/map.hpp"
#include "runtime/numbers/multiply.hpp"
#include "runtime/numbers/reduce.hpp"

namespace pto::host::PTO_LEVEL {

extern const Numbers kTable = {PTO_LEVEL_NAME, map,     map_rows, chain,     fill_rows,  reduce_rows,
                               reduce_cols,    convert, copy,     pack_left, pack_right, multiply};

}  // namespace pto::host::PTO_LEVEL
