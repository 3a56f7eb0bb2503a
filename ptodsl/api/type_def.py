"""Types by the name of pto-dsl's package layout."""

from ptodsl.pto import PtrType, SubTensorType, TensorType, TileBufConfig, TileBufType

__all__ = ["PtrType", "SubTensorType", "TensorType", "TileBufConfig", "TileBufType"]
