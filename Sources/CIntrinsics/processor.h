// Which instruction sets this machine and its system let a process use.
#pragma once
// x86-64-v3: AVX2 and what came with it.
static inline int synfire_has_avx2(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("fma");
#else
  return 0;
#endif
}
// x86-64-v4: the AVX-512 of servers.
static inline int synfire_has_avx512(void) {
#if defined(__x86_64__)
  return synfire_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}
