#include "pto/pto-inst.hpp"
using namespace pto;

AICORE void vector_kernel(__gm__ float* v1, __gm__ float* v2, __gm__ float* v3, int64_t v4) {
  const int64_t v5 = 0;
  const int64_t v6 = 1;
  const int64_t v7 = 4;
  const int64_t v8 = 8192;
  uint64_t v9 = (uint64_t) 0;
  uint64_t v10 = (uint64_t) 32768;
  uint64_t v11 = (uint64_t) 65536;
  uint64_t v12 = (uint64_t) 98304;
  uint64_t v13 = (uint64_t) 98432;
  uint64_t v14 = (uint64_t) 98560;
  uint64_t v15 = (uint64_t) 131328;
  float v16 = 0.0883883461f;

  #if defined(__DAV_VEC__)
  set_mask_norm();
  set_vector_mask(-1, -1);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v17;
  TASSIGN(v17, v9);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v18;
  TASSIGN(v18, v10);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v19;
  TASSIGN(v19, v11);
  Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v20;
  TASSIGN(v20, v12);
  Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v21;
  TASSIGN(v21, v13);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v22;
  TASSIGN(v22, v14);
  Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v23;
  TASSIGN(v23, v15);
  set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
  for (int64_t v24 = v5; v24 < v4; v24 += v6) {
    int64_t v25 = v24 * v8;
    GlobalTensor<float, pto::Shape<1, 1, 1, 32, 256>, pto::Stride<8192, 8192, 8192, 256, 1>, pto::Layout::ND> v26(v1 + (v5 + v25));
    wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
    TLOAD(v17, v26);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TROWMAX(v20, v17, v18);
    pipe_barrier(PIPE_V);
    TROWEXPANDSUB(v17, v17, v20);
    pipe_barrier(PIPE_V);
    TMULS(v17, v17, v16);
    pipe_barrier(PIPE_V);
    TEXP(v17, v17);
    pipe_barrier(PIPE_V);
    TROWSUM(v21, v17, v18);
    pipe_barrier(PIPE_V);
    Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v27;
    TRESHAPE(v27, v21);
    Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v28;
    TRESHAPE(v28, v23);
    TADD(v28, v28, v27);
    GlobalTensor<float, pto::Shape<1, 1, 1, 32, 256>, pto::Stride<8192, 8192, 8192, 256, 1>, pto::Layout::ND> v29(v2 + (v5 + v25));
    TLOAD(v19, v29);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
    bool v30 = v24 == v5;
    if (v30) {
      wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
      TMULS(v22, v19, v16);
    } else {
      TROWEXPANDMUL(v22, v22, v20);
      wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
      pipe_barrier(PIPE_V);
      TADD(v22, v22, v19);
    }
    set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
  }
  wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
  pipe_barrier(PIPE_V);
  TROWEXPANDDIV(v22, v22, v23);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  GlobalTensor<float, pto::Shape<1, 1, 1, 32, 256>, pto::Stride<8192, 8192, 8192, 256, 1>, pto::Layout::ND> v31(v3 + v5);
  TSTORE(v31, v22);
  #endif // __DAV_VEC__

  return;
}

static AICORE inline void ptoas_auto_sync_tail() {
  pipe_barrier(PIPE_ALL);
}

extern "C" __global__ AICORE void call_both(__gm__ int64_t* v1, __gm__ float* v2, __gm__ float* v3, __gm__ float* v4, int64_t v5) {
  set_ffts_base_addr((uint64_t)v1);
  vector_kernel(v2, v3, v4, v5);
  ptoas_auto_sync_tail();
  return;
}
