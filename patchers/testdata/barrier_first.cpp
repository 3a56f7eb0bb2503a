#include "pto/pto-inst.hpp"
using namespace pto;
AICORE void vector_kernel(__gm__ float* v1, __gm__ float* v2, __gm__ float* v3, int64_t v4) {
#if defined(__DAV_VEC__)
	int64_t v5 = 0;
	int64_t v6 = 32768;
	int64_t v7 = 65536;
	set_mask_norm(); set_vector_mask(-1, -1);
	Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v8; TASSIGN(v8, v5);
	Tile<TileType::Vec, float, 32, 256, BLayout::RowMajor, 32, 256, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v9; TASSIGN(v9, v6);
	Tile<TileType::Vec, float, 32, 1, BLayout::ColMajor, 32, 1, SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> v10; TASSIGN(v10, v7);
	GlobalTensor<float, pto::Shape<1,1,1,32,256>, pto::Stride<8192,8192,8192,256,1>, pto::Layout::ND> v11(v1); TLOAD(v8, v11);
	GlobalTensor<float, pto::Shape<1,1,1,32,1>, pto::Stride<32,32,32,1,1>, pto::Layout::DN> v12(v2); TLOAD(v10, v12);
	set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0); wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
	for (size_t v13 = 0; v13 < (size_t) v4; v13 += 1)
	{
		TROWEXPANDMUL(v8, v8, v10); pipe_barrier(PIPE_V); wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
		TADD(v8, v8, v9);
		pipe_barrier(PIPE_V);
		TROWEXPANDMUL(v8,v8,v10);
		pipe_barrier(PIPE_V);
		wait_flag(PIPE_MTE2,PIPE_V,EVENT_ID1);
		TADD(v8,v8,v9);
	}
#endif
}
