// What Swift cannot say by itself and a loop needs inlined: prefetches. Operations on lanes are in lanes.h.
#pragma once
static inline __attribute__((always_inline)) void synfire_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }
static inline __attribute__((always_inline)) void synfire_prefetch_once(const void *p) { __builtin_prefetch(p, 0, 0); }
static inline __attribute__((always_inline)) void synfire_prefetch_level2(const void *p) { __builtin_prefetch(p, 0, 2); }
static inline __attribute__((always_inline)) void synfire_prefetch_to_write(void *p) { __builtin_prefetch(p, 1, 3); }

typedef float synfire_float4 __attribute__((ext_vector_type(4)));
