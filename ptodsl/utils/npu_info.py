"""`ptodsl.npu_info` by the name of pto-dsl's package layout."""

from ptodsl.npu_info import get_num_cube_cores, get_num_vec_cores, get_test_device

__all__ = ["get_num_cube_cores", "get_num_vec_cores", "get_test_device"]
