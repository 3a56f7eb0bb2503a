// The PTO tile instruction set on a CPU. Generated kernels include this file by the name of the device's header and run
// unchanged. The templates here check types and call the machine (pto/machine/operations.hpp), which is compiled once:
// a kernel that is linked with the one of execute mode computes, with the one of trace mode it records what each
// operation would touch.
#pragma once

#include <cstdint>

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"
#include "pto/common/half.hpp"
#include "pto/common/keywords.hpp"
#include "pto/ops/arrange.hpp"
#include "pto/ops/combine.hpp"
#include "pto/ops/convert.hpp"
#include "pto/ops/elementwise.hpp"
#include "pto/ops/expand.hpp"
#include "pto/ops/forms.hpp"
#include "pto/ops/matmul.hpp"
#include "pto/ops/move.hpp"
#include "pto/ops/pipe.hpp"
#include "pto/ops/precise.hpp"
#include "pto/ops/print.hpp"
#include "pto/ops/reduce.hpp"
#include "pto/ops/select.hpp"
#include "pto/ops/sort.hpp"
#include "pto/ops/sync.hpp"
#include "pto/ops/transfer.hpp"
#include "pto/tile/global_tensor.hpp"
#include "pto/tile/tile.hpp"
