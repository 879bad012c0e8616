/*
 * Node-API glue: reads arguments, calls one ipc_* function, hands its result (a number >= 0, or -errno) back.
 * `src/native/addon.ts` is the only caller and says what each function means.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

#include "ipc.h"

enum { MAX_ARGS = 8, MAX_REGIONS = 16, MAX_PATH = 4096 };

/* What one environment (main thread or worker) holds; also the owner of its watches. */
typedef struct {
  int *fds;
  size_t count, room;
  /* the one descriptor that was lent to Node, and what it is */
  int lent, lent_access;
  ipc_stat_t lent_file;
} environment_t;

typedef struct {
  napi_env env;
  napi_value args[MAX_ARGS];
  size_t count;
  bool failed;
} call_t;

static call_t arguments(napi_env env, napi_callback_info info) {
  call_t call = {.env = env, .count = MAX_ARGS};
  napi_get_cb_info(env, info, &call.count, call.args, NULL, NULL);
  return call;
}

static void fail(call_t *call, const char *what) {
  if (!call->failed) napi_throw_type_error(call->env, NULL, what);
  call->failed = true;
}

static int64_t number(call_t *call, size_t i) {
  int64_t value = 0;
  if (i >= call->count || napi_get_value_int64(call->env, call->args[i], &value) != napi_ok) fail(call, "a number was expected");
  return value;
}

static void text(call_t *call, size_t i, char *out) {
  size_t length = 0;
  if (i >= call->count || napi_get_value_string_utf8(call->env, call->args[i], out, MAX_PATH, &length) != napi_ok)
    fail(call, "a path was expected");
  else if (length == MAX_PATH - 1)
    fail(call, "the path is too long");
}

/* The bytes of an ArrayBuffer from `offset`, of which at least `room` are there. */
static uint8_t *bytes(call_t *call, size_t i, int64_t offset, size_t room) {
  void *data = NULL;
  size_t length = 0;
  if (i >= call->count || napi_get_arraybuffer_info(call->env, call->args[i], &data, &length) != napi_ok)
    fail(call, "an ArrayBuffer was expected");
  else if (offset < 0 || (size_t)offset > length || length - (size_t)offset < room)
    fail(call, "the offset lies outside the ArrayBuffer");
  return call->failed ? NULL : (uint8_t *)data + offset;
}

static uint32_t *word(call_t *call, size_t buffer, size_t offset) {
  int64_t at = number(call, offset);
  if (!call->failed && at % 4 != 0) fail(call, "a word starts at a multiple of 4");
  return call->failed ? NULL : (uint32_t *)(void *)bytes(call, buffer, at, 4);
}

static napi_value give(napi_env env, int64_t value) {
  napi_value out = NULL;
  napi_create_int64(env, value, &out);
  return out;
}

static environment_t *environment(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

#define FUNCTION(name) static napi_value name(napi_env env, napi_callback_info info)
#define ARGUMENTS call_t call = arguments(env, info)
#define RETURN(expression) return call.failed ? NULL : give(env, expression)

/*
 * Every descriptor belongs to the environment that opened it from the moment it is there: terminate() ends a worker
 * between any two steps of its JavaScript, and runs no `finally`.
 */
static int64_t keep(napi_env env, int fd) {
  environment_t *own = environment(env);
  if (fd >= 0 && own->count == own->room) {
    size_t room = own->room ? own->room * 2 : 16;
    int *more = realloc(own->fds, room * sizeof *more);
    if (more == NULL) {
      ipc_close(fd);
      return -12;
    }
    own->fds = more, own->room = room;
  }
  if (fd >= 0) own->fds[own->count++] = fd;
  return fd;
}

/* open(path, flags, mode): the descriptor is closed when this environment ends, if it is not before */
FUNCTION(js_open) {
  ARGUMENTS;
  char path[MAX_PATH];
  text(&call, 0, path);
  int64_t flags = number(&call, 1), mode = number(&call, 2);
  RETURN(keep(env, ipc_open(path, (int)flags, (unsigned)mode)));
}

static void forget(environment_t *own, int fd) {
  for (size_t i = 0; i < own->count; i++)
    if (own->fds[i] == fd) own->fds[i--] = own->fds[--own->count];
}

/*
 * lend(fd): Node closes the descriptor from now on. A worker may be ended after this and before Node has taken it; then
 * it is closed with the environment, after Node's own, if the number still means the same open file.
 */
FUNCTION(js_lend) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  if (call.failed) return NULL;
  environment_t *own = environment(env);
  int failed = ipc_stat((int)fd, &own->lent_file);
  if (failed < 0) return give(env, failed);
  own->lent_access = ipc_access((int)fd);
  own->lent = (int)fd;
  forget(own, (int)fd);
  return give(env, 0);
}

static void close_lent(environment_t *own) {
  ipc_stat_t now;
  if (own->lent < 0 || ipc_stat(own->lent, &now) < 0) return;
  bool same = now.inode == own->lent_file.inode && now.device == own->lent_file.device;
  if (same && ipc_access(own->lent) == own->lent_access) ipc_close(own->lent);
  own->lent = -1;
}

FUNCTION(js_close) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  forget(environment(env), (int)fd);
  RETURN(ipc_close((int)fd));
}

FUNCTION(js_tmpfile) {
  ARGUMENTS;
  char directory[MAX_PATH];
  text(&call, 0, directory);
  int64_t size = number(&call, 1);
  RETURN(keep(env, ipc_tmpfile(directory, (uint64_t)size)));
}

FUNCTION(js_link) {
  ARGUMENTS;
  char path[MAX_PATH];
  int64_t fd = number(&call, 0);
  text(&call, 1, path);
  RETURN(ipc_link((int)fd, path));
}

FUNCTION(js_allocate) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), offset = number(&call, 1), length = number(&call, 2);
  RETURN(ipc_allocate((int)fd, (uint64_t)offset, (uint64_t)length));
}

/* read(fd, out: ArrayBuffer, offset) */
FUNCTION(js_read) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), offset = number(&call, 2);
  void *data = NULL;
  size_t length = 0;
  if (!call.failed && napi_get_arraybuffer_info(env, call.args[1], &data, &length) != napi_ok) fail(&call, "an ArrayBuffer was expected");
  RETURN(ipc_read((int)fd, data, length, (uint64_t)offset));
}

/* stat(fd, out: ArrayBuffer of 6 doubles): size, links, inode, device, uid, mode */
FUNCTION(js_stat) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  double *out = (double *)(void *)bytes(&call, 1, 0, 6 * sizeof(double));
  if (call.failed) return NULL;
  ipc_stat_t s;
  int status = ipc_stat((int)fd, &s);
  if (status == 0) {
    out[0] = (double)s.size, out[1] = (double)s.links, out[2] = (double)s.inode;
    out[3] = (double)s.device, out[4] = (double)s.uid, out[5] = (double)s.mode;
  }
  return give(env, status);
}

/* peer(fd, out: ArrayBuffer of 3 doubles): pid, uid, gid */
FUNCTION(js_peer) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  double *out = (double *)(void *)bytes(&call, 1, 0, 3 * sizeof(double));
  if (call.failed) return NULL;
  ipc_peer_t who;
  int status = ipc_peer((int)fd, &who);
  if (status == 0) out[0] = (double)who.pid, out[1] = (double)who.uid, out[2] = (double)who.gid;
  return give(env, status);
}

FUNCTION(js_unsent) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  RETURN(ipc_unsent((int)fd));
}

/* receive(fd, into: ArrayBuffer, from, length) */
FUNCTION(js_receive) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), from = number(&call, 2), length = number(&call, 3);
  if (!call.failed && length < 0) fail(&call, "a length of 0 or more was expected");
  uint8_t *into = call.failed ? NULL : bytes(&call, 1, from, (size_t)length);
  RETURN(ipc_receive((int)fd, into, (size_t)length));
}

FUNCTION(js_mkfifo) {
  ARGUMENTS;
  char path[MAX_PATH];
  text(&call, 0, path);
  int64_t mode = number(&call, 1);
  RETURN(ipc_mkfifo(path, (unsigned)mode));
}

FUNCTION(js_poke) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  RETURN(ipc_poke((int)fd));
}

FUNCTION(js_drain) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  RETURN(ipc_drain((int)fd));
}

typedef struct {
  void *address;
  size_t length;
} mapping_t;

static void unmap(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  mapping_t *mapping = hint;
  ipc_unwatch_range(mapping->address, mapping->length);
  ipc_unmap(mapping->address, mapping->length);
  free(mapping);
}

/* map(fd, mode, length, offset0, length0, …): an ArrayBuffer of `length` bytes, or -errno. Its finalizer unmaps. */
FUNCTION(js_map) {
  napi_value args[3 + 2 * MAX_REGIONS];
  call_t call = {.env = env};
  size_t count = 3 + 2 * MAX_REGIONS;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  int64_t values[3 + 2 * MAX_REGIONS];
  for (size_t i = 0; i < count && i < 3 + 2 * MAX_REGIONS; i++)
    if (napi_get_value_int64(env, args[i], &values[i]) != napi_ok) fail(&call, "a number was expected");
  if (!call.failed && (count < 5 || count % 2 == 0)) fail(&call, "regions come in pairs");
  if (!call.failed && count > 3 + 2 * MAX_REGIONS) fail(&call, "too many regions");
  if (call.failed) return NULL;
  ipc_region_t regions[MAX_REGIONS];
  size_t used = (count - 3) / 2;
  for (size_t i = 0; i < used; i++)
    regions[i] = (ipc_region_t){.offset = (uint64_t)values[3 + 2 * i], .length = (uint64_t)values[4 + 2 * i]};
  mapping_t *mapping = malloc(sizeof *mapping);
  if (mapping == NULL) return give(env, -12);
  int status = ipc_map((int)values[0], regions, used, (int)values[1], &mapping->address, &mapping->length);
  if (status < 0) {
    free(mapping);
    return give(env, status);
  }
  if (values[2] < 0 || (size_t)values[2] > mapping->length) values[2] = (int64_t)mapping->length;
  napi_value buffer = NULL;
  napi_status made = napi_create_external_arraybuffer(env, mapping->address, (size_t)values[2], unmap, mapping, &buffer);
  if (made != napi_ok) {
    unmap(env, NULL, mapping);
    napi_throw_error(env, NULL,
                     made == napi_no_external_buffers_allowed
                         ? "this runtime allows no ArrayBuffer over memory of its user's own (a V8 sandbox build, such as Electron's)"
                         : "the ArrayBuffer could not be made");
    return NULL;
  }
  return buffer;
}

/*
 * detach(buffer): empties a buffer made by map() and its views, and vacates the mapping at once. The finalizer, which
 * unmaps, runs between two turns of the event loop at the earliest: a program that opens and closes in one turn would run
 * into the kernel's limit of mappings, and the memory of a removed file would stay until the garbage is collected.
 */
FUNCTION(js_detach) {
  ARGUMENTS;
  void *data = NULL;
  size_t length = 0;
  if (call.count < 1 || napi_get_arraybuffer_info(env, call.args[0], &data, &length) != napi_ok)
    fail(&call, "an ArrayBuffer was expected");
  if (call.failed) return NULL;
  if (napi_detach_arraybuffer(env, call.args[0]) != napi_ok) return give(env, -22);
  return give(env, length == 0 ? 0 : ipc_vacate(data, length));
}

FUNCTION(js_sync) {
  ARGUMENTS;
  int64_t offset = number(&call, 1), length = number(&call, 2);
  uint8_t *data = call.failed ? NULL : bytes(&call, 0, offset, (size_t)length);
  RETURN(ipc_sync(data, (size_t)length));
}

FUNCTION(js_lock) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), byte = number(&call, 1), shared = number(&call, 2);
  RETURN(ipc_lock((int)fd, (uint64_t)byte, (int)shared));
}

FUNCTION(js_unlock) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), byte = number(&call, 1);
  RETURN(ipc_unlock((int)fd, (uint64_t)byte));
}

FUNCTION(js_locked) {
  ARGUMENTS;
  int64_t fd = number(&call, 0), byte = number(&call, 1);
  RETURN(ipc_locked((int)fd, (uint64_t)byte));
}

/* futexWait(buffer, byteOffset, expected, timeoutMs): 0 woken or changed, 1 timed out */
FUNCTION(js_futex_wait) {
  ARGUMENTS;
  uint32_t *at = word(&call, 0, 1);
  int64_t expected = number(&call, 2);
  double timeout_ms = 0;
  if (napi_get_value_double(env, call.args[3], &timeout_ms) != napi_ok) fail(&call, "a number was expected");
  RETURN(ipc_futex_wait(at, (uint32_t)expected, timeout_ms <= 0 ? 0 : (uint64_t)(timeout_ms * 1e6)));
}

FUNCTION(js_futex_wake) {
  ARGUMENTS;
  uint32_t *at = word(&call, 0, 1);
  int64_t count = number(&call, 2);
  RETURN(ipc_futex_wake(at, (uint32_t)count));
}

/* watchAlarm(fd, buffer, byteOffset, value, noteOffset, note, pokeFd) */
FUNCTION(js_watch_alarm) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  uint32_t *at = word(&call, 1, 2), *note_at = word(&call, 1, 4);
  int64_t value = number(&call, 3), note = number(&call, 5), poke = number(&call, 6);
  ipc_watch_t watch = {
      .kind = IPC_WATCH_ALARM,
      .fd = (int)fd,
      .word = at,
      .note_word = note_at,
      .value = (uint32_t)value,
      .note = (uint32_t)note,
      .poke_fd = (int)poke,
      .owner = environment(env),
  };
  RETURN(ipc_watch(&watch));
}

/* watchLife(fd): owned by the process, so that it outlives the worker that asked for it */
FUNCTION(js_watch_life) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  ipc_watch_t watch = {.kind = IPC_WATCH_LIFE, .fd = (int)fd, .poke_fd = -1, .owner = NULL};
  if (!call.failed) forget(environment(env), (int)fd);
  RETURN(ipc_watch(&watch));
}

/* life(path): the path of the process's life line, or -errno */
FUNCTION(js_life) {
  ARGUMENTS;
  char path[MAX_PATH], used[MAX_PATH];
  text(&call, 0, path);
  if (call.failed) return NULL;
  int status = ipc_life(path, used, sizeof used);
  if (status < 0) return give(env, status);
  napi_value out;
  napi_create_string_utf8(env, used, NAPI_AUTO_LENGTH, &out);
  return out;
}

static void notify(void *context) { napi_call_threadsafe_function(context, NULL, napi_tsfn_nonblocking); }

static void release_function(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  free(hint);
}

/* watchRead(fd, callback): the callback runs in this thread's loop when bytes came; returns { ref, unref } by number calls below */
typedef struct {
  napi_threadsafe_function function;
} reader_t;

FUNCTION(js_watch_read) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  if (call.failed) return NULL;
  napi_value name;
  reader_t *reader = malloc(sizeof *reader);
  napi_create_string_utf8(env, "interproc parker", NAPI_AUTO_LENGTH, &name);
  if (reader == NULL || napi_create_threadsafe_function(env, call.args[1], NULL, name, 0, 1, NULL, release_function, reader, NULL,
                                                        &reader->function) != napi_ok) {
    free(reader);
    return give(env, -12);
  }
  napi_unref_threadsafe_function(env, reader->function);
  ipc_watch_t watch = {
      .kind = IPC_WATCH_READ,
      .fd = (int)fd,
      .poke_fd = -1,
      .notify = notify,
      .context = reader->function,
      .owner = environment(env),
  };
  int status = ipc_watch(&watch);
  if (status < 0) {
    napi_release_threadsafe_function(reader->function, napi_tsfn_abort);
    return give(env, status);
  }
  napi_value handle;
  napi_create_external(env, reader, NULL, NULL, &handle);
  return handle;
}

static reader_t *reader_of(call_t *call) {
  void *data = NULL;
  if (napi_get_value_external(call->env, call->args[0], &data) != napi_ok) fail(call, "a reader was expected");
  return data;
}

/* holdLoop(reader, hold): while held, the reader keeps the event loop alive */
FUNCTION(js_hold_loop) {
  ARGUMENTS;
  reader_t *reader = reader_of(&call);
  int64_t hold = number(&call, 1);
  if (call.failed) return NULL;
  if (hold) napi_ref_threadsafe_function(env, reader->function);
  else napi_unref_threadsafe_function(env, reader->function);
  return give(env, 0);
}

FUNCTION(js_unwatch) {
  ARGUMENTS;
  int64_t fd = number(&call, 0);
  RETURN(ipc_unwatch((int)fd, environment(env)));
}

static void end_environment(void *data) {
  environment_t *own = data;
  ipc_unwatch_owner(own);
  /* the locks first: whoever is woken by a hang-up is to see that this thread is gone */
  for (size_t i = 0; i < own->count; i++) ipc_unlock_all(own->fds[i]);
  for (size_t i = 0; i < own->count; i++) ipc_close(own->fds[i]);
  own->count = 0;
  close_lent(own);
}

static void free_environment(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  environment_t *own = data;
  free(own->fds);
  free(own);
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"open", js_open},           {"lend", js_lend},
      {"close", js_close},
      {"tmpfile", js_tmpfile},     {"link", js_link},           {"allocate", js_allocate},
      {"stat", js_stat},           {"peer", js_peer},           {"unsent", js_unsent},       {"receive", js_receive},           {"read", js_read},          {"mkfifo", js_mkfifo},       {"poke", js_poke},
      {"drain", js_drain},         {"map", js_map},             {"detach", js_detach},
      {"sync", js_sync},           {"lock", js_lock},           {"unlock", js_unlock},
      {"locked", js_locked},       {"futexWait", js_futex_wait}, {"futexWake", js_futex_wake},
      {"watchAlarm", js_watch_alarm}, {"watchLife", js_watch_life}, {"watchRead", js_watch_read},
      {"holdLoop", js_hold_loop},  {"unwatch", js_unwatch},
      {"life", js_life},
  };
  environment_t *own = calloc(1, sizeof *own);
  if (own == NULL) return NULL;
  own->lent = -1;
  napi_set_instance_data(env, own, free_environment, NULL);
  napi_add_env_cleanup_hook(env, end_environment, own);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
