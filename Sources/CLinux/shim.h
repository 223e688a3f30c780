// System calls that the Glibc module lacks or that Swift cannot call (variadic, macros, mutable globals).
#pragma once
// Without _GNU_SOURCE: it changes structures (fd_set, utsname) that Foundation's modules hold in their plain form,
// and a file that sees both forms does not compile. What is needed of it is declared here.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline int synfire_errno(void) { return errno; }
static inline int synfire_open(const char *path, int flags, int mode) { return open(path, flags, mode); }
static inline int synfire_terminal_columns(int descriptor) {
  struct winsize w;
  return ioctl(descriptor, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 0;
}
/// The signal sent to this process when its parent dies; 0 on success.
static inline int synfire_die_with_parent(int signal_number) { return prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0); }
static inline int synfire_name_thread(const char *name) { return prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern char **environ;
static inline char **synfire_environment(void) { return environ; }
/// Writing to a peer that went away fails with EPIPE instead of ending the process.
static inline void synfire_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
/// Whether a process listens on a Unix socket: 1 yes, 0 nobody or no such file, -1 the path is too long.
static inline int synfire_unix_socket_answers(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return 0;
  int answer = connect(descriptor, (struct sockaddr *)&address, sizeof address);
  // A full backlog (EAGAIN) has a listener behind it, even if that one is stopped.
  int answers = answer == 0 || errno == EAGAIN || errno == EINPROGRESS;
  close(descriptor);
  return answers;
}
/// Sleeps while a word that processes share has a value; returns at once when it has another, and at the latest when
/// time is up.
static inline void synfire_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds) {
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT, expected, &limit, NULL, 0);
}
/// Wakes all that sleep on a word.
static inline void synfire_futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }
/// Tells the processor that this is a loop that looks for a change.
static inline void synfire_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}
/// The number of processors that this process may use; 0 when the system does not tell.
static inline int synfire_usable_processors(void) {
  unsigned char mask[1024];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int count = 0;
  for (long i = 0; i < bytes; i++) count += __builtin_popcount(mask[i]);
  return count;
}
