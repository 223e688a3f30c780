// Operations on sixteen lanes for the vector kernels. Each compiles to what the target's instruction set has: one
// register with AVX-512, two with AVX2, four with SSE2 and NEON. No product is fused with a sum: a fused one rounds
// differently, and all instruction sets must give the same bits.
#pragma once
#define SYNFIRE_LANES static inline __attribute__((always_inline))

typedef float synfire_float16 __attribute__((ext_vector_type(16)));
typedef int synfire_int16 __attribute__((ext_vector_type(16)));
typedef unsigned synfire_word16 __attribute__((ext_vector_type(16)));
typedef unsigned short synfire_half16 __attribute__((ext_vector_type(16)));
typedef unsigned char synfire_byte16 __attribute__((ext_vector_type(16)));
typedef short synfire_short32 __attribute__((ext_vector_type(32)));
typedef double synfire_double8 __attribute__((ext_vector_type(8)));
typedef long long synfire_long8 __attribute__((ext_vector_type(8)));
typedef unsigned char synfire_byte8 __attribute__((ext_vector_type(8)));
typedef int synfire_int8 __attribute__((ext_vector_type(8)));
typedef unsigned short synfire_half8 __attribute__((ext_vector_type(8)));

// Conversions.
SYNFIRE_LANES synfire_float16 synfire_floats16(synfire_int16 x) { return __builtin_convertvector(x, synfire_float16); }
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
