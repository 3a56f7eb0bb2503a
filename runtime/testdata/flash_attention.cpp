#include "pto/pto-inst.hpp"
using namespace pto;

AICORE void cube_kernel(__gm__ int64_t* v1, __gm__ float* v2, __gm__ half* v3, __gm__ half* v4, __gm__ half* v5, __gm__ float* v6, int64_t v7, int64_t v8) {
#if defined(__DAV_CUBE__)
  const int32_t v9 = 0;
  const int64_t v10 = 128;
  const int64_t v11 = 256;
  const int64_t v12 = 3;
  const int64_t v13 = 524288;
  const uint64_t v14 = 0;
  const uint64_t v15 = 32768;
  const uint64_t v16 = 65536;
  const uint64_t v17 = 98304;
  int64_t v18 = get_block_idx();
  int64_t v19 = get_block_num();
  __gm__ float* v20 = v2 + v18 * v13;
  auto v21 = TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>(v20, v9, v9);
  auto v22 = TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>(v20 + 262144, v9, v9);
  auto v23 = TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>(v20 + 393216, v9, v9);
  Tile<TileType::Mat, half, 128, 128, BLayout::ColMajor, 128, 128, SLayout::RowMajor, 512, PadValue::Null, CompactMode::Null> v24;
  TASSIGN(v24, v14);
  Tile<TileType::Mat, half, 128, 128, BLayout::RowMajor, 128, 128, SLayout::ColMajor, 512, PadValue::Null, CompactMode::Null> v25;
  TASSIGN(v25, v15);
  Tile<TileType::Mat, half, 128, 128, BLayout::ColMajor, 128, 128, SLayout::RowMajor, 512, PadValue::Null, CompactMode::Null> v26;
  TASSIGN(v26, v16);
  Tile<TileType::Mat, half, 128, 128, BLayout::ColMajor, 128, 128, SLayout::RowMajor, 512, PadValue::Null, CompactMode::Null> v27;
  TASSIGN(v27, v17);
  Tile<TileType::Left, half, 128, 128, BLayout::RowMajor, 128, 128, SLayout::RowMajor, 512, PadValue::Null, CompactMode::Null> v28;
  TASSIGN(v28, v14);
  Tile<TileType::Right, half, 128, 128, BLayout::RowMajor, 128, 128, SLayout::ColMajor, 512, PadValue::Null, CompactMode::Null> v29;
  TASSIGN(v29, v14);
  Tile<TileType::Acc, float, 128, 128, BLayout::ColMajor, 128, 128, SLayout::RowMajor, 1024, PadValue::Null, CompactMode::Null> v30;
  TASSIGN(v30, v14);
  int64_t v31 = v8 / v11;
  for (int64_t v32 = v18; v32 < v7 / v10; v32 += v19) {
    GlobalTensor<half, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND> v33(v3 + v32 * 16384);
    TLOAD(v24, v33);
    for (int64_t v34 = 0; v34 < v31 + v12; v34 += 1) {
      if (v34 >= v12) {
        GlobalTensor<half, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND> v35(nullptr);
        GlobalTensor<float, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND> v36(nullptr);
        TPOP<TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>, GlobalTensor<half, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v23, v35);
        for (int64_t v37 = 0; v37 < 2; v37 += 1) {
          GlobalTensor<half, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND> v38(v35.data() + v37 * v10);
          TLOAD(v26, v38);
          GlobalTensor<half, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND> v39(v5 + ((v34 - v12) * v11 + v37 * v10) * v10);
          TLOAD(v27, v39);
          TMOV(v28, v26);
          TMOV(v29, v27);
          if (v37 == 0) {
            TMATMUL(v30, v28, v29);
          } else {
            TMATMUL_ACC(v30, v30, v28, v29);
          }
        }
        TFREE<TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>, GlobalTensor<half, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v23, v35);
        TALLOC<TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v22, v36);
        TSTORE(v36, v30);
        TPUSH<TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 128, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v22, v36);
      }
      if (v34 < v31) {
        GlobalTensor<float, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND> v40(nullptr);
        TALLOC<TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v21, v40);
        for (int64_t v41 = 0; v41 < 2; v41 += 1) {
          GlobalTensor<half, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<16384, 16384, 16384, 1, 128>, pto::Layout::DN> v42(v4 + (v34 * v11 + v41 * v10) * v10);
          TLOAD(v25, v42);
          TMOV(v28, v24);
          TMOV(v29, v25);
          TMATMUL(v30, v28, v29);
          GlobalTensor<float, pto::Shape<1, 1, 1, 128, 128>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND> v43(v40.data() + v41 * v10);
          TSTORE(v43, v30);
        }
        TPUSH<TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 128, 256>, pto::Stride<32768, 32768, 32768, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v21, v40);
      }
    }
  }
#endif // __DAV_CUBE__
  return;
}

AICORE void vector_kernel(__gm__ int64_t* v1, __gm__ float* v2, __gm__ half* v3, __gm__ half* v4, __gm__ half* v5, __gm__ float* v6, int64_t v7, int64_t v8) {
#if defined(__DAV_VEC__)
  set_mask_norm();
  set_vector_mask(-1, -1);
  const int32_t v9 = 0;
  const int64_t v10 = 128;
  const int64_t v11 = 256;
  const int64_t v12 = 3;
  const int64_t v13 = 524288;
  const float v14 = 0.0883883461f;
  const uint64_t v15 = 0;
  const uint64_t v16 = 32768;
  const uint64_t v17 = 65536;
  const uint64_t v18 = 81920;
  const uint64_t v19 = 114688;
  const uint64_t v20 = 131072;
  int64_t v21 = get_block_idx();
  int64_t v22 = get_block_num();
  int64_t v23 = get_subblockid();
  __gm__ float* v24 = v2 + v21 * v13;
  auto v25 = TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>(v24, v9, v9);
  auto v26 = TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>(v24 + 262144, v9, v9);
  auto v27 = TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>(v24 + 393216, v9, v9);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v28;
  TASSIGN(v28, v15);
  Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v29;
  TASSIGN(v29, v16);
  Tile<TileType::Vec, half, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v30;
  TASSIGN(v30, v17);
  Tile<TileType::Vec, float, 32, 128, BLayout::RowMajor, 32, 128, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v31;
  TASSIGN(v31, v19);
  Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v32;
  TASSIGN(v32, v20);
  Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v33;
  TRESHAPE(v33, v32);
  int64_t v34 = v8 / v11;
  for (int64_t v35 = v21; v35 < v7 / v10; v35 += v22) {
    for (int64_t v36 = 0; v36 < v34 + v12; v36 += 1) {
      if (v36 >= v12) {
        GlobalTensor<float, pto::Shape<1, 1, 1, 64, 128>, pto::Stride<8192, 8192, 8192, 128, 1>, pto::Layout::ND> v37(nullptr);
        TPOP<TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 64, 128>, pto::Stride<8192, 8192, 8192, 128, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v26, v37);
        for (int64_t v38 = 0; v38 < 2; v38 += 1) {
          Tile<TileType::Vec, float, 32, 128, BLayout::RowMajor, 32, 128, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v39;
          TASSIGN(v39, v18 + (uint64_t)(v38 * 16384));
          Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v40;
          TASSIGN(v40, v20 + 1024 + (uint64_t)(((v36 - v12) % v12 * 2 + v38) * 128));
          GlobalTensor<float, pto::Shape<1, 1, 1, 32, 128>, pto::Stride<4096, 4096, 4096, 128, 1>, pto::Layout::ND> v41(v37.data() + v38 * 4096);
          if (v36 == v12) {
            TLOAD(v39, v41);
          } else {
            TLOAD(v31, v41);
            TROWEXPANDMUL(v39, v39, v40);
            TADD(v39, v39, v31);
          }
        }
        TFREE<TPipe<2, Direction::DIR_C2V, 65536, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 64, 128>, pto::Stride<8192, 8192, 8192, 128, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v26, v37);
      }
      if (v36 < v34) {
        GlobalTensor<float, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND> v42(nullptr);
        TPOP<TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v25, v42);
        GlobalTensor<half, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND> v43(nullptr);
        TALLOC<TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>, GlobalTensor<half, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v27, v43);
        for (int64_t v44 = 0; v44 < 2; v44 += 1) {
          Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v45;
          TASSIGN(v45, v20 + 256 + (uint64_t)(v44 * 128));
          Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v46;
          TRESHAPE(v46, v45);
          Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v47;
          TASSIGN(v47, v20 + 512 + (uint64_t)(v44 * 128));
          Tile<TileType::Vec, float, 1, 32, BLayout::RowMajor, 1, 32, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v48;
          TASSIGN(v48, v20 + 1024 + (uint64_t)((v36 % v12 * 2 + v44) * 128));
          GlobalTensor<float, pto::Shape<1, 1, 1, 32, 256>, pto::Stride<8192, 8192, 8192, 256, 1>, pto::Layout::ND> v49(v42.data() + v44 * 8192);
          TLOAD(v28, v49);
          TROWMAX(v32, v28, v29);
          if (v36 == 0) {
            TMOV(v46, v33);
          } else {
            TMAX(v33, v33, v46);
            TSUB(v48, v46, v33);
            TMULS(v48, v48, v14);
            TEXP(v48, v48);
            TMOV(v46, v33);
          }
          TROWEXPANDSUB(v28, v28, v45);
          TMULS(v28, v28, v14);
          TEXP(v28, v28);
          TROWSUM(v32, v28, v29);
          if (v36 == 0) {
            TMOV(v47, v33);
          } else {
            TMUL(v47, v47, v48);
            TADD(v47, v47, v33);
          }
          TCVT(v30, v28, RoundMode::CAST_RINT, SaturationMode::OFF);
          GlobalTensor<half, pto::Shape<1, 1, 1, 32, 256>, pto::Stride<8192, 8192, 8192, 256, 1>, pto::Layout::ND> v50(v43.data() + v44 * 8192);
          TSTORE(v50, v30);
        }
        TPUSH<TPipe<4, Direction::DIR_V2C, 65536, 8, 8, false>, GlobalTensor<half, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v27, v43);
        TFREE<TPipe<0, Direction::DIR_C2V, 131072, 8, 8, false>, GlobalTensor<float, pto::Shape<1, 1, 1, 64, 256>, pto::Stride<16384, 16384, 16384, 256, 1>, pto::Layout::ND>, TileSplitAxis::TILE_UP_DOWN>(v25, v42);
      }
    }
    for (int64_t v51 = 0; v51 < 2; v51 += 1) {
      Tile<TileType::Vec, float, 32, 128, BLayout::RowMajor, 32, 128, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v52;
      TASSIGN(v52, v18 + (uint64_t)(v51 * 16384));
      Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v53;
      TASSIGN(v53, v20 + 512 + (uint64_t)(v51 * 128));
      TROWEXPANDDIV(v52, v52, v53);
      GlobalTensor<float, pto::Shape<1, 1, 1, 32, 128>, pto::Stride<4096, 4096, 4096, 128, 1>, pto::Layout::ND> v54(v6 + (v35 * v10 + v23 * 64 + v51 * 32) * v10);
      TSTORE(v54, v52);
    }
  }
#endif // __DAV_VEC__
  return;
}

enum class PTOAutoSyncTailMode : int32_t { kBarrierAll = 0 };

static AICORE inline void ptoas_auto_sync_tail(PTOAutoSyncTailMode mode = PTOAutoSyncTailMode::kBarrierAll) {
  switch (mode) {
    case PTOAutoSyncTailMode::kBarrierAll:
    default:
      pipe_barrier(PIPE_ALL);
      break;
  }
}

extern "C" __global__ AICORE void call_both(__gm__ int64_t* v1, __gm__ float* v2, __gm__ half* v3, __gm__ half* v4, __gm__ half* v5, __gm__ float* v6, int64_t v7, int64_t v8) {
  set_ffts_base_addr((uint64_t)v1);
  cube_kernel(v1, v2, v3, v4, v5, v6, v7, v8);
  vector_kernel(v1, v2, v3, v4, v5, v6, v7, v8);
  ptoas_auto_sync_tail();
  return;
}
