#include "pto/pto-inst.hpp"
using namespace pto;

AICORE void scaled_relu_kernel(__gm__ float* v1, __gm__ float* v2, __gm__ half* v3, float v4, int32_t v5) {
    const int64_t v6 = 0;
    const int64_t v7 = 1000;
    const uint64_t v8 = 0;
    const uint64_t v9 = 4096;
#if defined(__DAV_VEC__)
    set_mask_norm();
    set_vector_mask(-1, -1);
    int64_t v10 = get_block_idx() * get_subblockdim() + get_subblockid();
    int64_t v11 = get_block_num() * get_subblockdim();
    float v12 = v4 * (float)v3[v6];
    int64_t v13 = (int64_t)v5;
    for (int64_t v14 = v10 * v7; v14 < v13; v14 += v11 * v7) {
        int64_t v15 = v13 - v14 < v7 ? v13 - v14 : v7;
        Tile<TileType::Vec, float, 1, 1024, BLayout::RowMajor, 1, -1, SLayout::NoneBox, 512, PadValue::Null,
             CompactMode::Null>
            v16(v15);
        TASSIGN(v16, v8);
        Tile<TileType::Vec, float, 1, 1024, BLayout::RowMajor, 1, -1, SLayout::NoneBox, 512, PadValue::Null,
             CompactMode::Null>
            v17 = Tile<TileType::Vec, float, 1, 1024, BLayout::RowMajor, 1, -1, SLayout::NoneBox, 512, PadValue::Null,
                       CompactMode::Null>(v15);
        TASSIGN(v17, v9);
        pto::Shape<1, 1, 1, 1, -1> v18 = pto::Shape<1, 1, 1, 1, -1>(v15);
        pto::Stride<-1, -1, -1, -1, 1> v19 = pto::Stride<-1, -1, -1, -1, 1>(v13, v13, v13, v13);
        GlobalTensor<float, pto::Shape<1, 1, 1, 1, -1>, pto::Stride<-1, -1, -1, -1, 1>, pto::Layout::ND> v20(v1 + v14, v18,
                                                                                                           v19);
        TLOAD(v16, v20);
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        TMULS(v17, v16, v12);
        pipe_barrier(PIPE_V);
        TRELU(v17, v17);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        GlobalTensor<float, pto::Shape<1, 1, 1, 1, -1>, pto::Stride<-1, -1, -1, -1, 1>, pto::Layout::ND> v21(v2 + v14, v18,
                                                                                                           v19);
        TSTORE(v21, v17);
        pipe_barrier(PIPE_ALL);
    }
#endif  // __DAV_VEC__
    return;
}

extern "C" __global__ AICORE void scaled_relu(__gm__ float* v1, __gm__ float* v2, __gm__ half* v3, float v4, int32_t v5) {
    scaled_relu_kernel(v1, v2, v3, v4, v5);
    return;
}
