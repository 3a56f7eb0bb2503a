// The level of CPU that this translation unit is compiled for.
//
// All loops live in a namespace of their own per level, so that the linker never takes a function that was compiled for
// another CPU: PTO_LEVEL names it, and the build compiles numbers.cpp once for each level.
#pragma once

#ifndef PTO_LEVEL
#error "PTO_LEVEL must name the level of CPU that the loops are compiled for, as a C++ identifier"
#endif
