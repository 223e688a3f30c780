// CRC-32C by the instruction that x86-64 has for it, where the processor has it.
#pragma once
#include <string.h>
#if defined(__x86_64__)
static inline int synfire_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }
__attribute__((target("sse4.2"))) static inline unsigned synfire_crc32c(unsigned crc, const void *bytes, unsigned long count) {
  const unsigned char *next = (const unsigned char *)bytes;
  unsigned long long sum = crc;
  for (; count >= 8; count -= 8, next += 8) {
    unsigned long long word;
    memcpy(&word, next, 8);
    sum = __builtin_ia32_crc32di(sum, word);
  }
  crc = (unsigned)sum;
  for (; count > 0; --count, ++next) crc = __builtin_ia32_crc32qi(crc, *next);
  return crc;
}
#else
static inline int synfire_has_crc32c(void) { return 0; }
static inline unsigned synfire_crc32c(unsigned crc, const void *bytes, unsigned long count) {
  (void)bytes, (void)count;
  return crc;
}
#endif
