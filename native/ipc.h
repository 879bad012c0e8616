/*
 * The kernel calls of interproc, and nothing else: no layout, no policy, no algorithm.
 *
 * Every function returns a result >= 0, or -errno. Calls that a signal can interrupt are retried here unless
 * said otherwise. Descriptors are opened close-on-exec. Addresses handed in stay owned by the caller.
 */
#ifndef INTERPROC_IPC_H
#define INTERPROC_IPC_H

#include <stddef.h>
#include <stdint.h>

/* ---- files in memory ---- */

/* Opens `path` with open(2) flags; O_CLOEXEC and O_NOCTTY are added. */
int ipc_open(const char *path, int flags, unsigned mode);
int ipc_close(int fd);
/* A file of `bytes` bytes without a name, mode 0600, its memory reserved: ENOSPC here, never SIGBUS later. */
int ipc_tmpfile(const char *directory, uint64_t bytes);
/* Gives the file behind `fd` a name; EEXIST when the name is taken. */
int ipc_link(int fd, const char *path);
/* Reserves memory for [offset, offset + length), growing the file when it ends before that. */
int ipc_allocate(int fd, uint64_t offset, uint64_t length);

/* Reads up to `length` bytes at `offset`; returns how many. A short file gives fewer, never a signal. */
int ipc_read(int fd, void *out, size_t length, uint64_t offset);

typedef struct {
  uint64_t size, links, inode, device, uid, mode;
} ipc_stat_t;
int ipc_stat(int fd, ipc_stat_t *out);

/* The access mode (O_RDONLY, O_WRONLY, O_RDWR) with which `fd` was opened. */
int ipc_access(int fd);

typedef struct {
  uint64_t pid, uid, gid;
} ipc_peer_t;
/* Who connected, or listened, at the other end of a unix socket, as the kernel noted it then. */
int ipc_peer(int fd, ipc_peer_t *out);

/* How many bytes of a TCP socket's its peer's system has not confirmed yet. */
int ipc_unsent(int fd);

/* Receives up to `length` bytes that have come on a socket; returns how many: 0 at the end, -EAGAIN when none are there. */
int ipc_receive(int fd, void *out, size_t length);

int ipc_mkfifo(const char *path, unsigned mode);
/* Writes one byte; 0 when the pipe is full (then the reader has bytes to wake by already). */
int ipc_poke(int fd);
/* Reads away whatever a FIFO holds; returns the bytes read. */
int ipc_drain(int fd);

/* ---- mappings ---- */

typedef struct {
  uint64_t offset, length; /* both multiples of the page size, but for the last region's length */
} ipc_region_t;

enum { IPC_MAP_SHARED = 0, IPC_MAP_PRIVATE = 1 };

/*
 * Maps the regions one behind the other into one range of addresses; the same region may come twice (a ring whose
 * end continues at its start). *address and *length (whole pages) are the caller's until ipc_unmap.
 */
int ipc_map(int fd, const ipc_region_t *regions, size_t count, int mode, void **address, size_t *length);
int ipc_unmap(void *address, size_t length);
/*
 * Gives the pages of a mapping back at once and puts empty private ones in their place, so that the addresses stay valid
 * until ipc_unmap: whoever still works there reads zeros and writes to nobody. Neighbours that were vacated become one.
 * `length` is rounded up to whole pages.
 */
int ipc_vacate(void *address, size_t length);
/* Writes mapped pages of a file back to its device, and waits for it. */
int ipc_sync(void *address, size_t length);

/* ---- locks that the kernel gives back when their holder dies (open file description locks) ---- */

/* Takes the write lock (or the read lock) on one byte without waiting: 1 taken, 0 somebody else holds it. */
int ipc_lock(int fd, uint64_t byte, int shared);
int ipc_unlock(int fd, uint64_t byte);
/* Gives back all locks of an open file: a mapping of it keeps them beyond the descriptor's close. */
int ipc_unlock_all(int fd);
/* Does somebody else's open file hold a write lock on the byte? 1 or 0. */
int ipc_locked(int fd, uint64_t byte);

/* ---- sleeping ---- */

/* Sleeps while *word == expected: 0 woken or changed (or interrupted), 1 after `timeout_ns`. */
int ipc_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
/* Wakes up to `count` sleepers; returns how many. */
int ipc_futex_wake(uint32_t *word, uint32_t count);

/* ---- the watcher: one thread a process, started with the first watch ---- */

enum {
  IPC_WATCH_ALARM = 0, /* once, when `fd` hangs up: *note_word = note, *word = value, wake word's sleepers, poke `poke_fd` */
  IPC_WATCH_LIFE = 1,  /* when `fd` hangs up: this process is killed (SIGKILL) */
  IPC_WATCH_READ = 2,  /* whenever `fd` is readable: drain it, then notify(context) */
};

typedef struct {
  int kind;
  int fd;
  uint32_t *word, *note_word; /* in one mapping */
  uint32_t value, note;
  int poke_fd;
  void (*notify)(void *context);
  void *context;
  const void *owner; /* ipc_unwatch_owner() takes back all of an owner's */
} ipc_watch_t;

/* `fd` stays the caller's and must stay open until it is unwatched or its alarm has come. Returns 0. */
int ipc_watch(const ipc_watch_t *watch);
/* After the return neither the watcher nor a callback touches what the watch named. Returns 1 if it was there. */
int ipc_unwatch(int fd, const void *owner);
void ipc_unwatch_owner(const void *owner);
/* Ends the alarms whose word lies in the range: called before the range is unmapped. */
void ipc_unwatch_range(const void *address, size_t length);

/*
 * The process's life line: a FIFO that it holds open for reading until it ends, whichever of its threads asked first.
 * Makes it at `path` on the first call; every call copies the path in use to `out`.
 */
int ipc_life(const char *path, char *out, size_t room);

#endif
