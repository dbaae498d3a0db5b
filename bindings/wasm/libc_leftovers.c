// What the C library would import from a host, answered inside the module.
// The core never prints, exits or reads files; libc only refers to these from paths that are not taken
// (abort messages, flushing at exit). Ending the module by a trap is the one honest answer to "exit".
#include <stdint.h>

enum { errno_badf = 8, errno_spipe = 70 };

int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t fd) {
  (void)fd;
  return errno_badf;
}
int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t fd, int64_t offset, int32_t whence, int32_t result) {
  (void)fd, (void)offset, (void)whence, (void)result;
  return errno_spipe;
}
int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t fd, int32_t pieces, int32_t count, int32_t result) {
  (void)fd, (void)pieces, (void)count, (void)result;
  return errno_badf;
}
_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t status) {
  (void)status;
  __builtin_trap();
}

// Debian builds the compiler's own runtime with the stack protector, wasi-libc has none. The guard is a
// constant: a module has nobody to ask for randomness, and its stack cannot be returned into.
uintptr_t __stack_chk_guard = 0x2d6b41f3u;
_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }
