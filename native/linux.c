#include "ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Node 20 runs on glibc 2.28, so the binary may ask for nothing newer, whatever it is built on. stat goes through
 * statx (in 2.28); the thread functions moved from libpthread to libc in 2.34 under a new version, and are asked for
 * under their first one.
 */
#if defined(__GLIBC__)
#if defined(__x86_64__)
#define IPC_FIRST_VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define IPC_FIRST_VERSION "GLIBC_2.17"
#endif
#ifdef IPC_FIRST_VERSION
__asm__(".symver pthread_create,pthread_create@" IPC_FIRST_VERSION);
__asm__(".symver pthread_detach,pthread_detach@" IPC_FIRST_VERSION);
__asm__(".symver pthread_sigmask,pthread_sigmask@" IPC_FIRST_VERSION);
#endif
#endif

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

static int result(int value) { return value < 0 ? -errno : value; }

int ipc_open(const char *path, int flags, unsigned mode) {
  int fd;
  do fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
  while (fd < 0 && errno == EINTR);
  return result(fd);
}

/* Not retried: on Linux the descriptor is gone even when close says EINTR. */
int ipc_close(int fd) { return close(fd) < 0 && errno != EINTR ? -errno : 0; }

int ipc_allocate(int fd, uint64_t offset, uint64_t length) {
  int status;
  do status = fallocate(fd, 0, (off_t)offset, (off_t)length);
  while (status < 0 && errno == EINTR);
  return result(status);
}

int ipc_tmpfile(const char *directory, uint64_t bytes) {
  int fd = ipc_open(directory, O_TMPFILE | O_RDWR, 0600);
  if (fd < 0) return fd;
  int status = fchmod(fd, 0600) < 0 ? -errno : 0; /* a umask cannot take the owner's rights away */
  if (status == 0 && bytes > 0) status = ipc_allocate(fd, 0, bytes);
  if (status < 0) {
    close(fd);
    return status;
  }
  return fd;
}

int ipc_link(int fd, const char *path) {
  char self[40];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return result(linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
}

int ipc_read(int fd, void *out, size_t length, uint64_t offset) {
  ssize_t got;
  do got = pread(fd, out, length, (off_t)offset);
  while (got < 0 && errno == EINTR);
  return result((int)got);
}

int ipc_stat(int fd, ipc_stat_t *out) {
  struct statx s;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &s) < 0) return -errno;
  out->size = s.stx_size;
  out->links = s.stx_nlink;
  out->inode = s.stx_ino;
  out->device = ((uint64_t)s.stx_dev_major << 32) | s.stx_dev_minor;
  out->uid = s.stx_uid;
  out->mode = s.stx_mode;
  return 0;
}

int ipc_access(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -errno : flags & O_ACCMODE;
}

int ipc_peer(int fd, ipc_peer_t *out) {
  struct ucred who;
  socklen_t length = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0) return -errno;
  out->pid = (uint64_t)who.pid;
  out->uid = who.uid;
  out->gid = who.gid;
  return 0;
}

int ipc_unsent(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

int ipc_receive(int fd, void *out, size_t length) {
  ssize_t got;
  if (length > INT_MAX) length = INT_MAX;
  do got = recv(fd, out, length, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  return result((int)got);
}

int ipc_mkfifo(const char *path, unsigned mode) { return result(mkfifo(path, mode)); }

int ipc_poke(int fd) {
  ssize_t written;
  do written = write(fd, "", 1);
  while (written < 0 && errno == EINTR);
  if (written < 0) return errno == EAGAIN ? 0 : -errno;
  return 1;
}

int ipc_drain(int fd) {
  char away[256];
  int total = 0;
  for (;;) {
    ssize_t got = read(fd, away, sizeof away);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 && errno != EAGAIN ? -errno : total;
    total += (int)got;
    if (got < (ssize_t)sizeof away) return total;
  }
}

int ipc_map(int fd, const ipc_region_t *regions, size_t count, int mode, void **address, size_t *length) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), total = 0;
  for (size_t i = 0; i < count; i++) total += (regions[i].length + page - 1) / page * page;
  if (total == 0) return -EINVAL;
  int flags = mode == IPC_MAP_PRIVATE ? MAP_PRIVATE : MAP_SHARED;
  uint8_t *base = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return -errno;
  uint8_t *at = base;
  for (size_t i = 0; i < count; i++) {
    size_t bytes = (regions[i].length + page - 1) / page * page;
    if (mmap(at, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, (off_t)regions[i].offset) == MAP_FAILED) {
      int error = errno;
      munmap(base, total);
      return -error;
    }
    at += bytes;
  }
  *address = base;
  *length = total;
  return 0;
}

int ipc_unmap(void *address, size_t length) { return result(munmap(address, length)); }

int ipc_vacate(void *address, size_t length) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), total = (length + page - 1) / page * page;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return mmap(address, total, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED ? -errno : 0;
}

int ipc_sync(void *address, size_t length) { return result(msync(address, length, MS_SYNC)); }

static int set_lock(int fd, uint64_t byte, uint64_t length, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = (off_t)length};
  int status;
  do status = fcntl(fd, F_OFD_SETLK, &lock);
  while (status < 0 && errno == EINTR);
  return status < 0 ? -errno : 0;
}

int ipc_lock(int fd, uint64_t byte, int shared) {
  int status = set_lock(fd, byte, 1, shared ? F_RDLCK : F_WRLCK);
  return status == -EAGAIN || status == -EACCES ? 0 : status < 0 ? status : 1;
}

int ipc_unlock(int fd, uint64_t byte) { return set_lock(fd, byte, 1, F_UNLCK); }

int ipc_unlock_all(int fd) { return set_lock(fd, 0, 0, F_UNLCK); } /* a length of 0 is up to the end */

/* Asks for the read lock, which somebody who may only read the file cannot refuse us by holding it too. */
int ipc_locked(int fd, uint64_t byte) {
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
  if (fcntl(fd, F_OFD_GETLK, &lock) < 0) return -errno;
  return lock.l_type == F_WRLCK;
}

int ipc_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns) {
  struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u)};
  if (syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, NULL, 0) == 0) return 0;
  if (errno == ETIMEDOUT) return 1;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int ipc_futex_wake(uint32_t *word, uint32_t count) {
  return result((int)syscall(SYS_futex, word, FUTEX_WAKE, count > INT_MAX ? INT_MAX : count, NULL, NULL, 0));
}

/*
 * The watcher. One thread polls all watched descriptors and a pipe of its own, by which the table's changes reach it.
 * The table is changed and read under `watcher.mutex`; the thread acts on a descriptor only while it holds the mutex
 * and the watch is still in the table, so that after ipc_unwatch() nothing of it is touched any more. The mutex is
 * never held while polling.
 */
static struct {
  pthread_mutex_t mutex;
  bool running;
  int wake[2];
  ipc_watch_t *watches;
  size_t count, room;
} watcher = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = {-1, -1}};

static void act(ipc_watch_t *watch, short events) {
  bool gone = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  switch (watch->kind) {
    case IPC_WATCH_LIFE:
      if (gone) kill(getpid(), SIGKILL);
      return;
    case IPC_WATCH_READ:
      if (events & POLLIN) {
        ipc_drain(watch->fd);
        watch->notify(watch->context);
      }
      if (gone) watch->fd = -1;
      return;
    default:
      if (!gone) return;
      __atomic_store_n(watch->note_word, watch->note, __ATOMIC_SEQ_CST);
      __atomic_store_n(watch->word, watch->value, __ATOMIC_SEQ_CST);
      ipc_futex_wake(watch->word, INT_MAX);
      if (watch->poke_fd >= 0) ipc_poke(watch->poke_fd);
      watch->fd = -1;
  }
}

static void *watch_all(void *unused) {
  (void)unused;
  struct pollfd *fds = NULL;
  size_t room = 0;
  for (;;) {
    pthread_mutex_lock(&watcher.mutex);
    size_t count = watcher.count + 1;
    if (count > room) {
      struct pollfd *more = realloc(fds, count * 2 * sizeof *fds);
      if (more == NULL) count = room; /* the rest waits for memory; every wait is bounded anyway */
      else fds = more, room = count * 2;
    }
    if (count == 0) {
      pthread_mutex_unlock(&watcher.mutex);
      poll(NULL, 0, 10);
      continue;
    }
    fds[0] = (struct pollfd){.fd = watcher.wake[0], .events = POLLIN};
    for (size_t i = 1; i < count; i++)
      fds[i] = (struct pollfd){
          .fd = watcher.watches[i - 1].fd,
          .events = watcher.watches[i - 1].kind == IPC_WATCH_READ ? POLLIN : 0,
      };
    pthread_mutex_unlock(&watcher.mutex);

    if (poll(fds, count, -1) < 0) continue;
    if (fds[0].revents) ipc_drain(watcher.wake[0]);
    pthread_mutex_lock(&watcher.mutex);
    for (size_t i = 1; i < count; i++) {
      if (fds[i].revents == 0 || fds[i].fd < 0) continue;
      /* Two owners may watch the same number only one after the other: a stale event is polled for again, not acted on. */
      struct pollfd now = {.fd = fds[i].fd, .events = fds[i].events};
      if (poll(&now, 1, 0) <= 0) continue;
      for (size_t w = 0; w < watcher.count; w++)
        if (watcher.watches[w].fd == fds[i].fd) act(&watcher.watches[w], now.revents);
    }
    size_t kept = 0;
    for (size_t w = 0; w < watcher.count; w++)
      if (watcher.watches[w].fd >= 0) watcher.watches[kept++] = watcher.watches[w];
    watcher.count = kept;
    pthread_mutex_unlock(&watcher.mutex);
  }
  return NULL;
}

static int start_watcher(void) {
  if (watcher.running) return 0;
  if (watcher.wake[0] < 0 && syscall(SYS_pipe2, watcher.wake, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_t thread;
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the program's own threads */
  int error = pthread_create(&thread, NULL, watch_all, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) return -error;
  pthread_detach(thread);
  watcher.running = true;
  return 0;
}

int ipc_watch(const ipc_watch_t *watch) {
  pthread_mutex_lock(&watcher.mutex);
  int status = start_watcher();
  if (status == 0 && watcher.count == watcher.room) {
    size_t room = watcher.room ? watcher.room * 2 : 16;
    ipc_watch_t *more = realloc(watcher.watches, room * sizeof *more);
    if (more == NULL) status = -ENOMEM;
    else watcher.watches = more, watcher.room = room;
  }
  if (status == 0) {
    watcher.watches[watcher.count++] = *watch;
    ipc_poke(watcher.wake[1]);
  }
  pthread_mutex_unlock(&watcher.mutex);
  return status;
}

static bool same_fd(const ipc_watch_t *watch, const void *owner, uintptr_t fd, uintptr_t unused) {
  (void)unused;
  return watch->owner == owner && watch->fd == (int)fd;
}

static bool same_owner(const ipc_watch_t *watch, const void *owner, uintptr_t a, uintptr_t b) {
  (void)a, (void)b;
  return watch->owner == owner;
}

static bool in_range(const ipc_watch_t *watch, const void *owner, uintptr_t from, uintptr_t length) {
  (void)owner;
  return watch->kind == IPC_WATCH_ALARM && (uintptr_t)watch->word - from < length;
}

static int take_back(bool (*which)(const ipc_watch_t *, const void *, uintptr_t, uintptr_t), const void *owner, uintptr_t a,
                     uintptr_t b) {
  pthread_mutex_lock(&watcher.mutex);
  size_t kept = 0, before = watcher.count;
  for (size_t w = 0; w < before; w++)
    if (!which(&watcher.watches[w], owner, a, b)) watcher.watches[kept++] = watcher.watches[w];
  watcher.count = kept;
  if (kept != before) ipc_poke(watcher.wake[1]);
  pthread_mutex_unlock(&watcher.mutex);
  return kept != before;
}

int ipc_unwatch(int fd, const void *owner) { return take_back(same_fd, owner, (uintptr_t)fd, 0); }
void ipc_unwatch_owner(const void *owner) { take_back(same_owner, owner, 0, 0); }
void ipc_unwatch_range(const void *address, size_t length) { take_back(in_range, NULL, (uintptr_t)address, length); }

int ipc_life(const char *path, char *out, size_t room) {
  static char *known;
  pthread_mutex_lock(&watcher.mutex);
  int status = 0;
  if (known == NULL) {
    char *copy = strdup(path);
    status = copy == NULL ? -ENOMEM : ipc_mkfifo(path, 0600);
    if (status == 0) status = ipc_open(path, O_RDWR | O_NONBLOCK, 0); /* stays open until the process ends */
    if (status >= 0) known = copy;
    else free(copy);
  }
  if (known != NULL) status = snprintf(out, room, "%s", known) < (int)room ? 0 : -ENAMETOOLONG;
  pthread_mutex_unlock(&watcher.mutex);
  return status;
}
