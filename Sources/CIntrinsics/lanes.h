// Operations on sixteen lanes for the vector kernels. Each compiles to what the target's instruction set has: one
// register with AVX-512, two with AVX2, four with SSE2 and NEON. No product is fused with a sum: a fused one rounds
// differently, and all instruction sets must give the same bits.
#pragma once
#include "shim.h"
#define SYNFIRE_LANES static inline __attribute__((always_inline))

typedef float synfire_float16 __attribute__((ext_vector_type(16)));
typedef int synfire_int16 __attribute__((ext_vector_type(16)));
typedef unsigned synfire_word16 __attribute__((ext_vector_type(16)));
typedef unsigned short synfire_half16 __attribute__((ext_vector_type(16)));
typedef unsigned char synfire_byte16 __attribute__((ext_vector_type(16)));
typedef short synfire_short16 __attribute__((ext_vector_type(16)));
typedef short synfire_short32 __attribute__((ext_vector_type(32)));
typedef double synfire_double8 __attribute__((ext_vector_type(8)));
typedef long long synfire_long8 __attribute__((ext_vector_type(8)));
typedef unsigned char synfire_byte8 __attribute__((ext_vector_type(8)));
typedef int synfire_int8 __attribute__((ext_vector_type(8)));
typedef unsigned short synfire_half8 __attribute__((ext_vector_type(8)));

// Conversions.
SYNFIRE_LANES synfire_float16 synfire_floats16(synfire_int16 x) { return __builtin_convertvector(x, synfire_float16); }
SYNFIRE_LANES synfire_float16 synfire_shorts_as_floats(synfire_short16 x) {
  return __builtin_convertvector(__builtin_convertvector(x, synfire_int16), synfire_float16);
}
// Whole numbers within ± 32767 as shorts.
SYNFIRE_LANES synfire_short16 synfire_floats_as_shorts(synfire_float16 x) {
  return __builtin_convertvector(__builtin_convertvector(x, synfire_int16), synfire_short16);
}
SYNFIRE_LANES synfire_float16 synfire_bytes_as_floats(synfire_byte16 x) {
  return __builtin_convertvector(__builtin_convertvector(x, synfire_int16), synfire_float16);
}
SYNFIRE_LANES synfire_byte16 synfire_low_bytes(synfire_word16 x) {
  return __builtin_convertvector(x & 0xFF, synfire_byte16);
}
SYNFIRE_LANES synfire_double8 synfire_bytes_as_doubles(synfire_byte8 x) {
  return __builtin_convertvector(__builtin_convertvector(x, synfire_int8), synfire_double8);
}
SYNFIRE_LANES synfire_double8 synfire_doubles8(synfire_long8 x) { return __builtin_convertvector(x, synfire_double8); }

// -1 in the lanes where it holds, 0 elsewhere.
SYNFIRE_LANES synfire_int16 synfire_not_less16(synfire_float16 x, synfire_float16 y) { return x >= y; }
SYNFIRE_LANES synfire_int16 synfire_is_positive(synfire_half16 x) {
  return __builtin_convertvector(x, synfire_int16) > 0;
}
SYNFIRE_LANES synfire_long8 synfire_not_less8(synfire_double8 x, synfire_double8 y) {
  return (synfire_long8)(x >= y);
}
SYNFIRE_LANES synfire_long8 synfire_is_positive8(synfire_half8 x) {
  return (synfire_long8)(__builtin_convertvector(x, synfire_long8) > 0);
}

// x where the mask is -1, y where it is 0.
SYNFIRE_LANES synfire_float16 synfire_choose16(synfire_int16 mask, synfire_float16 x, synfire_float16 y) {
  return (synfire_float16)(((synfire_int16)x & mask) | ((synfire_int16)y & ~mask));
}
SYNFIRE_LANES synfire_double8 synfire_choose8(synfire_long8 mask, synfire_double8 x, synfire_double8 y) {
  return (synfire_double8)(((synfire_long8)x & mask) | ((synfire_long8)y & ~mask));
}
SYNFIRE_LANES synfire_float16 synfire_greater16(synfire_float16 x, synfire_float16 y) { return x > y ? x : y; }
SYNFIRE_LANES synfire_double8 synfire_greater8(synfire_double8 x, synfire_double8 y) { return x > y ? x : y; }

// x - 1, at least 0.
SYNFIRE_LANES synfire_half16 synfire_count_down(synfire_half16 x) {
  return __builtin_elementwise_sub_sat(x, (synfire_half16)(1));
}
SYNFIRE_LANES synfire_half8 synfire_count_down8(synfire_half8 x) {
  return __builtin_elementwise_sub_sat(x, (synfire_half8)(1));
}
// count + 1 in the lanes where x > limit.
SYNFIRE_LANES synfire_short32 synfire_count_above32(synfire_short32 count, synfire_short32 x, synfire_short32 limit) {
  return x > limit ? count + 1 : count;
}

// Each word rotated to the left by 1 to 31 bits, exclusive or another.
SYNFIRE_LANES synfire_word16 synfire_rotated_xor(synfire_word16 x, unsigned bits, synfire_word16 other) {
#if defined(__AVX512F__)
  return ((x << bits) | (x >> (32 - bits))) ^ other;  // One instruction rotates.
#else
  // Written as a rotation the compiler takes the vector apart where the machine has none.
  return (x << bits) ^ ((x >> (32 - bits)) ^ other);
#endif
}

// The sign bits of the lanes, lane 0 lowest.
typedef _Bool synfire_mask16 __attribute__((ext_vector_type(16)));
typedef _Bool synfire_mask8 __attribute__((ext_vector_type(8)));
SYNFIRE_LANES unsigned synfire_sign_bits16(synfire_int16 x) {
  union { synfire_mask16 mask; unsigned short bits; } u;
  u.mask = __builtin_convertvector(x < 0, synfire_mask16);
  return u.bits;
}
SYNFIRE_LANES unsigned synfire_sign_bits8(synfire_long8 x) {
  union { synfire_mask8 mask; unsigned char bits; } u;
  u.mask = __builtin_convertvector(x < 0, synfire_mask8);
  return u.bits;
}

// Sums of lanes by halves: 0 + 8 ..., then 0 + 4 ..., 0 + 2, 1 + 3, and those two.
SYNFIRE_LANES float synfire_sum16(synfire_float16 x) {
  synfire_float16 y = x + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  y = y + __builtin_shufflevector(y, y, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
  return (y[0] + y[2]) + (y[1] + y[3]);
}
// The same sums of four vectors at once.
SYNFIRE_LANES synfire_float4 synfire_sums16(synfire_float16 a, synfire_float16 b, synfire_float16 c,
                                            synfire_float16 d) {
  synfire_float16 ab =
      __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
      __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  synfire_float16 cd =
      __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
      __builtin_shufflevector(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  synfire_float16 all =
      __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
      __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  all = all + __builtin_shufflevector(all, all, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  all = all + __builtin_shufflevector(all, all, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return __builtin_shufflevector(all, all, 0, 4, 8, 12);
}
// Both halves the sum of the halves.
SYNFIRE_LANES synfire_float16 synfire_folded16(synfire_float16 x) {
  return x + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}
// One number in the lower eight lanes, another in the upper.
SYNFIRE_LANES synfire_float16 synfire_halves16(float low, float high) {
  return (synfire_float16){low,  low,  low,  low,  low,  low,  low,  low,
                           high, high, high, high, high, high, high, high};
}
SYNFIRE_LANES synfire_int16 synfire_less16(synfire_float16 x, synfire_float16 y) { return x < y; }
SYNFIRE_LANES synfire_float16 synfire_lesser16(synfire_float16 x, synfire_float16 y) { return x < y ? x : y; }
SYNFIRE_LANES synfire_double8 synfire_lesser8(synfire_double8 x, synfire_double8 y) { return x < y ? x : y; }

// Floats of half precision, rounded to nearest.
SYNFIRE_LANES synfire_half16 synfire_halves_of_floats(synfire_float16 x) {
  typedef _Float16 halves __attribute__((ext_vector_type(16)));
  return (synfire_half16)__builtin_convertvector(x, halves);
}
SYNFIRE_LANES synfire_float16 synfire_floats_of_halves(synfire_half16 x) {
  typedef _Float16 halves __attribute__((ext_vector_type(16)));
  return __builtin_convertvector((halves)x, synfire_float16);
}
// The upper halves of the 64-bit products.
typedef unsigned long long synfire_long16 __attribute__((ext_vector_type(16)));
SYNFIRE_LANES synfire_word16 synfire_high_products16(synfire_word16 x, synfire_word16 y) {
  return __builtin_convertvector(
      (__builtin_convertvector(x, synfire_long16) * __builtin_convertvector(y, synfire_long16)) >> 32, synfire_word16);
}
// x + 1 in the lanes where x >= limit.
SYNFIRE_LANES synfire_word16 synfire_step_over16(synfire_word16 x, synfire_word16 limit) {
  return x - (synfire_word16)(x >= limit);
}
// x between two bounds.
SYNFIRE_LANES synfire_int16 synfire_clamp16(synfire_int16 x, synfire_int16 low, synfire_int16 high) {
  return __builtin_elementwise_min(__builtin_elementwise_max(x, low), high);
}

// Eight floats, for the spikes of one neuron.
typedef float synfire_floats8 __attribute__((ext_vector_type(8)));
SYNFIRE_LANES synfire_int8 synfire_less_of8(synfire_floats8 x, synfire_floats8 y) { return x < y; }
SYNFIRE_LANES unsigned synfire_sign_bits_of8(synfire_int8 x) {
  union { synfire_mask8 mask; unsigned char bits; } u;
  u.mask = __builtin_convertvector(x < 0, synfire_mask8);
  return u.bits;
}
// Sum, product of max(0, 1 - x) and greatest of the lanes where the mask is -1; halves first: 0 + 4 ..., 0 + 2, 1 + 3.
SYNFIRE_LANES float synfire_sum_of8(synfire_floats8 x, synfire_int8 mask) {
  synfire_floats8 y = (synfire_floats8)((synfire_int8)x & mask);
  y = y + __builtin_shufflevector(y, y, 4, 5, 6, 7, 0, 1, 2, 3);
  return (y[0] + y[2]) + (y[1] + y[3]);
}
SYNFIRE_LANES float synfire_product_of8(synfire_floats8 x, synfire_int8 mask) {
  synfire_floats8 y = 1.0f - (synfire_floats8)((synfire_int8)x & mask);
  y = y > 0.0f ? y : 0.0f;
  y = y * __builtin_shufflevector(y, y, 4, 5, 6, 7, 0, 1, 2, 3);
  return (y[0] * y[2]) * (y[1] * y[3]);
}
SYNFIRE_LANES float synfire_greater(float x, float y) { return x > y ? x : y; }
SYNFIRE_LANES float synfire_lesser(float x, float y) { return x < y ? x : y; }
SYNFIRE_LANES float synfire_greatest_of8(synfire_floats8 x, synfire_int8 mask) {
  synfire_floats8 y = (synfire_floats8)((synfire_int8)x & mask);
  synfire_floats8 z = __builtin_shufflevector(y, y, 4, 5, 6, 7, 0, 1, 2, 3);
  y = y > z ? y : z;
  return synfire_greater(synfire_greater(y[0], y[2]), synfire_greater(y[1], y[3]));
}
