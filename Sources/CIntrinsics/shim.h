// What Swift cannot say by itself and a kernel needs inlined: a prefetch, and lane-wise operations which the compiler of
// Swift 6.3 turns into loops over lanes. Vectors of 16 bytes are one register of every 64-bit machine.
#pragma once
static inline __attribute__((always_inline)) void synfire_prefetch(const void *p) { __builtin_prefetch(p, 0, 3); }
static inline __attribute__((always_inline)) void synfire_prefetch_once(const void *p) { __builtin_prefetch(p, 0, 0); }
static inline __attribute__((always_inline)) void synfire_prefetch_level2(const void *p) { __builtin_prefetch(p, 0, 2); }
static inline __attribute__((always_inline)) void synfire_prefetch_to_write(void *p) { __builtin_prefetch(p, 1, 3); }

typedef float synfire_float4 __attribute__((ext_vector_type(4)));
typedef int synfire_int4 __attribute__((ext_vector_type(4)));
typedef unsigned synfire_word4 __attribute__((ext_vector_type(4)));
typedef short synfire_short8 __attribute__((ext_vector_type(8)));

// Conversion of integers to floats, rounding to nearest.
static inline __attribute__((always_inline)) synfire_float4 synfire_floats(synfire_int4 x) {
  return __builtin_convertvector(x, synfire_float4);
}
// -1 in the lanes where x >= y, 0 elsewhere.
static inline __attribute__((always_inline)) synfire_int4 synfire_at_least(synfire_float4 x, synfire_float4 y) { return x >= y; }
// x where the mask is -1, y where it is 0.
static inline __attribute__((always_inline)) synfire_float4 synfire_select(synfire_int4 mask, synfire_float4 x, synfire_float4 y) {
  return (synfire_float4)(((synfire_int4)x & mask) | ((synfire_int4)y & ~mask));
}
// The greater of two numbers, lane by lane.
static inline __attribute__((always_inline)) synfire_float4 synfire_greater(synfire_float4 x, synfire_float4 y) { return x > y ? x : y; }
// count + 1 in the lanes where x > limit.
static inline __attribute__((always_inline)) synfire_short8 synfire_count_above(synfire_short8 count, synfire_short8 x, synfire_short8 limit) {
  return count - (x > limit);
}
// Not 0 when the sign bit of any lane is set.
static inline __attribute__((always_inline)) int synfire_any_negative(synfire_int4 x) {
  return __builtin_reduce_or(x) < 0;
}
