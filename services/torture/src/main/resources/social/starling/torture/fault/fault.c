/*
 * Bad disks, wrong clocks and power cuts for one process that knows nothing of them, by LD_PRELOAD.
 *
 * What the harness wants stands in a small file that both map (struct control). Calls that write
 * to files below one directory, the volume, are slow, hang or fail as it says; calls for the time of
 * day get its offset. For power cuts there is an undo log for each file with writes that no sync has
 * covered: before bytes change, the old ones go there. The logs lie outside the volume, are found by
 * the file's inode, and outlive the process; the harness applies them backwards when it has killed
 * the process. See PowerCut.java for the format.
 *
 * Renaming and deleting count as durable at once, and a sync of a file makes its name durable too,
 * as on ext4 and XFS.
 *
 * Threads: fds holds a slot for each descriptor and is read without a lock. Slots are made under
 * `making`; a slot's log belongs to whoever holds lock_of() of its inode. Nothing is allocated but
 * the path of a file that is opened for the first time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- control ---- */

struct control {
  /* written by the harness */
  int64_t sync_nanos, hang, limited, failing, clock_nanos, lying, hold;
  /* written by both: space left while limited */
  int64_t left;
  /* written here: process, calls, calls that met a fault, writes without an undo record */
  int64_t pid, syncs, writes, struck, lost;
};

static struct control nothing;
static struct control *control = &nothing;

#define GET(field) __atomic_load_n(&control->field, __ATOMIC_RELAXED)
#define COUNT(field) __atomic_fetch_add(&control->field, 1, __ATOMIC_RELAXED)

/* ---- the real functions ---- */

#define REAL(result, name, ...) \
  static result (*found_##name)(__VA_ARGS__); \
  static inline result (*real_##name(void))(__VA_ARGS__) { \
    if (!found_##name) found_##name = (result (*)(__VA_ARGS__))find(#name); \
    return found_##name; \
  }

static void *(*found_dlsym)(void *, const char *);

static void *find(const char *name) {
  if (!found_dlsym) {
    static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.27"};
    for (unsigned i = 0; !found_dlsym && i < sizeof versions / sizeof *versions; i++)
      found_dlsym = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  }
  return found_dlsym ? found_dlsym(RTLD_NEXT, name) : NULL;
}

REAL(int, openat, int, const char *, int, ...)
REAL(int, close, int)
REAL(int, dup, int)
REAL(int, dup2, int, int)
REAL(int, dup3, int, int, int)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(ssize_t, writev, int, const struct iovec *, int)
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t)
REAL(ssize_t, sendfile, int, int, off_t *, size_t)
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned)
REAL(int, ftruncate, int, off_t)
REAL(int, fallocate, int, int, off_t, off_t)
REAL(int, posix_fallocate, int, off_t, off_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, syncfs, int)
REAL(int, unlinkat, int, const char *, int)
REAL(int, renameat2, int, const char *, int, const char *, unsigned)
REAL(int, statvfs, const char *, struct statvfs *)
REAL(int, fstatvfs, int, struct statvfs *)
REAL(int, clock_gettime, clockid_t, struct timespec *)

/* ---- which files ---- */

#define FDS 65536
#define SLOTS 65536
#define STRIPES 256
#define DIRECTORY 1 /* a directory of the volume: faults, but no log */
#define SHARED 2    /* memory shared between SQLite's connections: likewise */
#define FIRST 3

struct slot {
  dev_t dev;
  ino_t ino;
  char *path;
  int refs, log, reader, dead;
  /* Of the log: its end, what syncs have covered, what one of the whole system may cover soon, and
     how often it was emptied: positions of before mean nothing after that. */
  off_t size, durable, candidate;
  unsigned emptied;
};

static uint32_t fds[FDS];
static struct slot slots[SLOTS];
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stripes[STRIPES] = {[0 ... STRIPES - 1] = PTHREAD_MUTEX_INITIALIZER};
static char volume[2][PATH_MAX]; /* as it was given, and as the system calls it */
static char undo[PATH_MAX - 64];
static int armed;

static pthread_mutex_t *lock_of(dev_t dev, ino_t ino) {
  return &stripes[(dev * 31 + ino) % STRIPES];
}

static int inside(const char *path) {
  for (int i = 0; armed && i < 2; i++) {
    size_t length = strlen(volume[i]);
    if (length && !strncmp(path, volume[i], length) && (path[length] == '/' || !path[length])) return 1;
  }
  return 0;
}

static uint32_t slot_of(int fd) {
  return fd >= 0 && fd < FDS ? __atomic_load_n(&fds[fd], __ATOMIC_RELAXED) : 0;
}

/* ---- undo logs ---- */

#define MAGIC 0x31304f444e55L /* "UNDO01" */

struct head {
  int64_t magic, durable;
  char path[4096 - 2 * 8];
};

/* The file had this length (-1: did not exist), and these bytes there. */
struct record {
  int64_t length, offset, bytes;
};

static void log_name(char *name, size_t size, dev_t dev, ino_t ino) {
  snprintf(name, size, "%s/%llx-%llx", undo, (unsigned long long)dev, (unsigned long long)ino);
}

static int set_head(int log, const char *path, off_t durable) {
  struct head head = {.magic = MAGIC, .durable = durable};
  if (strlen(path) >= sizeof head.path) return -1;
  strcpy(head.path, path);
  return real_pwrite()(log, &head, sizeof head, 0) == sizeof head ? 0 : -1;
}

/* Opens the log of a slot, if there is one or one is wanted. */
static int open_log(struct slot *slot, int make) {
  if (slot->log >= 0) return 0;
  char name[PATH_MAX];
  log_name(name, sizeof name, slot->dev, slot->ino);
  int log = real_openat()(AT_FDCWD, name, O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
  if (log < 0) return -1;
  struct head head;
  struct stat st;
  if (pread(log, &head, sizeof head, 0) == sizeof head && head.magic == MAGIC && !fstat(log, &st)) {
    slot->size = st.st_size;
    slot->durable = head.durable;
  } else {
    slot->size = slot->durable = sizeof head;
    if (set_head(log, slot->path, sizeof head)) {
      real_close()(log);
      return -1;
    }
  }
  slot->log = log;
  return 0;
}

static void drop_log(struct slot *slot) {
  char name[PATH_MAX];
  log_name(name, sizeof name, slot->dev, slot->ino);
  if (slot->log >= 0) real_close()(slot->log);
  slot->log = -1;
  slot->candidate = 0;
  slot->emptied++;
  real_unlinkat()(AT_FDCWD, name, 0);
}

/* Notes what is about to change. The caller holds the lock. */
static void note(struct slot *slot, int fd, int64_t length, off_t offset, size_t bytes) {
  if (slot->dead) return;
  char buffer[sizeof(struct record) + 16384];
  struct record record = {length, offset, bytes};
  memcpy(buffer, &record, sizeof record);
  if (open_log(slot, 1)) goto failed;
  /* The descriptor may be for writing only. Another one is kept until the last is closed: closing
     any would give up the process's locks on the file. */
  int reader = fd;
  if (bytes && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    if (slot->reader < 0) {
      char name[64];
      snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
      slot->reader = real_openat()(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    }
    reader = slot->reader;
    if (reader < 0) goto failed;
  }
  size_t filled = sizeof record;
  off_t end = slot->size;
  do {
    size_t room = sizeof buffer - filled;
    size_t part = bytes < room ? bytes : room;
    if (part && pread(reader, buffer + filled, part, offset) != (ssize_t)part) break;
    if (real_pwrite()(slot->log, buffer, filled + part, end) != (ssize_t)(filled + part)) break;
    end += filled + part;
    offset += part;
    bytes -= part;
    filled = 0;
  } while (bytes);
  if (bytes) goto failed;
  slot->size = end;
  return;
failed:
  COUNT(lost);
}

static void forget_to(struct slot *slot, off_t durable) {
  if (slot->log < 0 || slot->dead) return;
  if (durable >= slot->size) {
    if (slot->size > (off_t)sizeof(struct head) && real_ftruncate()(slot->log, sizeof(struct head))) COUNT(lost);
    slot->size = sizeof(struct head);
    slot->candidate = 0;
    slot->emptied++;
    durable = slot->size;
    if (slot->durable == durable) return;
  }
  slot->durable = durable;
  int64_t value = durable;
  if (real_pwrite()(slot->log, &value, sizeof value, offsetof(struct head, durable)) != sizeof value) COUNT(lost);
}

/* The slot of an inode; 0 when there is no room. */
static uint32_t slot_for(dev_t dev, ino_t ino, const char *path, int fresh) {
  pthread_mutex_lock(&making);
  uint32_t at = (uint32_t)(((uint64_t)dev * 31 + ino) * 2654435761u) % SLOTS;
  struct slot *slot = NULL;
  for (uint32_t tried = 0; tried < SLOTS && !slot; tried++, at = (at + 1) % SLOTS) {
    if (at < FIRST) continue;
    if (!slots[at].path) {
      slots[at].path = strdup(path);
      slots[at].dev = dev;
      slots[at].ino = ino;
      slots[at].log = slots[at].reader = -1;
      slot = &slots[at];
    } else if (slots[at].dev == dev && slots[at].ino == ino) {
      slot = &slots[at];
    }
  }
  if (!slot || !slot->path) {
    pthread_mutex_unlock(&making);
    COUNT(lost);
    return 0;
  }
  pthread_mutex_lock(lock_of(dev, ino));
  if (slot->dead || fresh) {
    slot->dead = 0;
    drop_log(slot);
  }
  if (strcmp(slot->path, path)) {
    char *copy = strdup(path);
    if (copy) slot->path = copy; /* who opened it may be reading the old one */
    if (slot->log >= 0) set_head(slot->log, slot->path, slot->durable);
  }
  open_log(slot, 0);
  pthread_mutex_unlock(lock_of(dev, ino));
  pthread_mutex_unlock(&making);
  return (uint32_t)(slot - slots);
}

static void adopt(int fd, int created) {
  if (!armed || fd < 0) return;
  if (fd >= FDS) {
    COUNT(lost);
    return;
  }
  char name[64], path[PATH_MAX];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  __atomic_store_n(&fds[fd], 0, __ATOMIC_RELAXED);
  ssize_t length = readlink(name, path, sizeof path - 1);
  struct stat st;
  if (length <= 0) return;
  path[length] = 0;
  if (!inside(path) || fstat(fd, &st)) return;
  uint32_t found = 0;
  if (S_ISDIR(st.st_mode)) {
    found = DIRECTORY;
  } else if (length > 4 && !strcmp(path + length - 4, "-shm")) {
    found = SHARED;
  } else if (S_ISREG(st.st_mode) && (found = slot_for(st.st_dev, st.st_ino, path, created))) {
    struct slot *slot = &slots[found];
    pthread_mutex_lock(lock_of(slot->dev, slot->ino));
    slot->refs++;
    if (created) note(slot, fd, -1, 0, 0);
    pthread_mutex_unlock(lock_of(slot->dev, slot->ino));
  }
  __atomic_store_n(&fds[fd], found, __ATOMIC_RELAXED);
}

static void leave(int fd) {
  uint32_t at = slot_of(fd);
  if (!at) return;
  __atomic_store_n(&fds[fd], 0, __ATOMIC_RELAXED);
  if (at < FIRST) return;
  struct slot *slot = &slots[at];
  pthread_mutex_lock(lock_of(slot->dev, slot->ino));
  if (--slot->refs == 0 && slot->reader >= 0) {
    real_close()(slot->reader);
    slot->reader = -1;
  }
  if (slot->refs == 0 && slot->log >= 0) {
    if (slot->size <= (off_t)sizeof(struct head)) {
      drop_log(slot);
    } else {
      real_close()(slot->log);
      slot->log = -1;
    }
  }
  pthread_mutex_unlock(lock_of(slot->dev, slot->ino));
}

/* An inode that has lost its last name needs no undoing. */
static void forget(const struct stat *st) {
  pthread_mutex_lock(&making);
  pthread_mutex_lock(lock_of(st->st_dev, st->st_ino));
  struct slot *known = NULL;
  for (uint32_t at = (uint32_t)(((uint64_t)st->st_dev * 31 + st->st_ino) * 2654435761u) % SLOTS, tried = 0;
       tried < SLOTS && !known; tried++, at = (at + 1) % SLOTS) {
    if (at < FIRST) continue;
    if (!slots[at].path) break;
    if (slots[at].dev == st->st_dev && slots[at].ino == st->st_ino) known = &slots[at];
  }
  struct slot unknown = {.dev = st->st_dev, .ino = st->st_ino, .log = -1};
  drop_log(known ? known : &unknown);
  if (known) known->dead = 1;
  pthread_mutex_unlock(lock_of(st->st_dev, st->st_ino));
  pthread_mutex_unlock(&making);
}

/* ---- faults ---- */

static void nap(int64_t nanos) {
  struct timespec time = {nanos / 1000000000, nanos % 1000000000};
  while (nanosleep(&time, &time) && errno == EINTR) continue;
}

static int refused(void) {
  if (GET(hang)) {
    COUNT(struck);
    while (GET(hang)) nap(1000000);
  }
  if (GET(failing)) {
    COUNT(struck);
    errno = EIO;
    return 1;
  }
  return 0;
}

static void give_back(int64_t bytes) {
  if (GET(limited)) __atomic_fetch_add(&control->left, bytes, __ATOMIC_RELAXED);
}

static int take(int64_t bytes) {
  if (bytes <= 0 || !GET(limited)) return 1;
  int64_t left = GET(left);
  do {
    if (left < bytes) {
      COUNT(struck);
      errno = ENOSPC;
      return 0;
    }
  } while (!__atomic_compare_exchange_n(&control->left, &left, left - bytes, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return 1;
}

/* Before bytes are written: -1 for the position of the descriptor. Locks the slot when it returns 0. */
static int begin(uint32_t at, int fd, off_t offset, size_t bytes) {
  COUNT(writes);
  if (refused()) return -1;
  struct stat st;
  struct slot *slot = at >= FIRST ? &slots[at] : NULL;
  if (slot) pthread_mutex_lock(lock_of(slot->dev, slot->ino));
  if (fstat(fd, &st)) goto no;
  if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
  if (!take(offset + (off_t)bytes - st.st_size)) goto no;
  if (slot) {
    off_t over = st.st_size - offset;
    if (over < 0) over = 0;
    note(slot, fd, st.st_size, offset, over < (off_t)bytes ? (size_t)over : bytes);
  }
  return 0;
no:
  if (slot) pthread_mutex_unlock(lock_of(slot->dev, slot->ino));
  return -1;
}

static void done(uint32_t at) {
  int error = errno;
  if (at >= FIRST) pthread_mutex_unlock(lock_of(slots[at].dev, slots[at].ino));
  errno = error;
}

static size_t sum(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  return bytes;
}

#define WRITING(fd, offset, bytes, call) \
  do { \
    uint32_t at = slot_of(fd); \
    if (!at) return call; \
    if (begin(at, fd, offset, bytes)) return -1; \
    __auto_type result = call; \
    done(at); \
    return result; \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t count) {
  WRITING(fd, -1, count, real_write()(fd, bytes, count));
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  WRITING(fd, offset, count, real_pwrite()(fd, bytes, count, offset));
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return pwrite(fd, bytes, count, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITING(fd, -1, sum(parts, count), real_writev()(fd, parts, count));
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  WRITING(fd, offset, sum(parts, count), real_pwritev()(fd, parts, count, offset));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { return pwritev(fd, parts, count, offset); }
ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  WRITING(to, -1, count, real_sendfile()(to, from, offset, count));
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) { return sendfile(to, from, offset, count); }
ssize_t copy_file_range(int from, off64_t *there, int to, off64_t *here, size_t count, unsigned flags) {
  WRITING(to, here ? *here : -1, count, real_copy_file_range()(from, there, to, here, count, flags));
}

int ftruncate(int fd, off_t length) {
  uint32_t at = slot_of(fd);
  if (!at) return real_ftruncate()(fd, length);
  COUNT(writes);
  struct stat st;
  if (refused() || fstat(fd, &st) || !take(length - st.st_size)) return -1;
  struct slot *slot = at >= FIRST ? &slots[at] : NULL;
  if (slot) {
    pthread_mutex_lock(lock_of(slot->dev, slot->ino));
    if (fstat(fd, &st)) st.st_size = 0;
    if (length != st.st_size) note(slot, fd, st.st_size, length, length < st.st_size ? st.st_size - length : 0);
  }
  int result = real_ftruncate()(fd, length);
  if (!result && length < st.st_size) give_back(st.st_size - length);
  done(at);
  return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/* What lies beyond the end is what is taken; holes are not counted. */
static int allocated(int fd, off_t offset, off_t length, int mode, int posix) {
  uint32_t at = slot_of(fd);
  if (at && begin(at, fd, offset, mode ? 0 : length)) return posix ? errno : -1;
  int result = posix ? real_posix_fallocate()(fd, offset, length) : real_fallocate()(fd, mode, offset, length);
  if (at) done(at);
  return result;
}
int fallocate(int fd, int mode, off_t offset, off_t length) { return allocated(fd, offset, length, mode, 0); }
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return allocated(fd, offset, length, mode, 0); }
int posix_fallocate(int fd, off_t offset, off_t length) { return allocated(fd, offset, length, 0, 1); }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return allocated(fd, offset, length, 0, 1); }

/* ---- syncs ---- */

static int synced(int fd, int (*sync)(int)) {
  uint32_t at = slot_of(fd);
  if (!at) return sync(fd);
  COUNT(syncs);
  if (GET(sync_nanos)) {
    COUNT(struck);
    nap(GET(sync_nanos));
  }
  if (refused()) return -1;
  if (GET(lying)) return 0;
  if (at < FIRST) return sync(fd);
  struct slot *slot = &slots[at];
  pthread_mutex_lock(lock_of(slot->dev, slot->ino));
  off_t covered = slot->size;
  unsigned emptied = slot->emptied;
  pthread_mutex_unlock(lock_of(slot->dev, slot->ino));
  int result = sync(fd);
  if (!result) {
    pthread_mutex_lock(lock_of(slot->dev, slot->ino));
    if (slot->emptied == emptied) forget_to(slot, covered);
    pthread_mutex_unlock(lock_of(slot->dev, slot->ino));
  }
  return result;
}
int fsync(int fd) { return synced(fd, real_fsync()); }
int fdatasync(int fd) { return synced(fd, real_fdatasync()); }

/* What to do with each log that lies there, of files that are open and of others. */
static void each_log(void (*task)(struct slot *, void *), void *context) {
  DIR *dir = opendir(undo);
  if (!dir) return;
  for (struct dirent *entry; (entry = readdir(dir));) {
    unsigned long long dev, ino;
    char end;
    struct head head;
    char name[PATH_MAX];
    if (sscanf(entry->d_name, "%llx-%llx%c", &dev, &ino, &end) != 2) continue;
    log_name(name, sizeof name, dev, ino);
    int log = real_openat()(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
    if (log < 0) continue;
    int whole = pread(log, &head, sizeof head, 0) == sizeof head && head.magic == MAGIC;
    real_close()(log);
    uint32_t at = whole ? slot_for(dev, ino, head.path, 0) : 0;
    if (!at) continue;
    pthread_mutex_lock(lock_of(dev, ino));
    if (slots[at].log >= 0) task(&slots[at], context);
    if (!slots[at].refs && slots[at].log >= 0) {
      real_close()(slots[at].log);
      slots[at].log = -1;
    }
    pthread_mutex_unlock(lock_of(dev, ino));
  }
  closedir(dir);
}

static void propose(struct slot *slot, void *context) {
  (void)context;
  slot->candidate = slot->size;
}

static void confirm(struct slot *slot, void *context) {
  (void)context;
  if (slot->candidate > slot->durable) forget_to(slot, slot->candidate);
  slot->candidate = 0;
}

static int sync_all(int fd) {
  each_log(propose, NULL);
  int result = real_syncfs()(fd);
  if (!result) each_log(confirm, NULL);
  return result;
}

int syncfs(int fd) {
  if (!slot_of(fd)) return real_syncfs()(fd);
  COUNT(syncs);
  if (GET(sync_nanos)) {
    COUNT(struck);
    nap(GET(sync_nanos));
  }
  if (refused()) return -1;
  return GET(lying) ? 0 : sync_all(fd);
}

/* ---- names ---- */

static int opened(int dirfd, const char *path, int flags, mode_t mode) {
  int created = 0, truncate = 0;
  if (armed && (flags & (O_CREAT | O_TRUNC)) && inside(path)) {
    struct stat st;
    int missing = fstatat(dirfd, path, &st, 0) && errno == ENOENT;
    created = missing && (flags & O_CREAT);
    truncate = !missing && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY;
    if (created && refused()) return -1;
    if (truncate) flags &= ~O_TRUNC;
  }
  int fd = real_openat()(dirfd, path, flags, mode);
  int error = errno;
  adopt(fd, created);
  if (fd >= 0 && truncate && ftruncate(fd, 0)) {
    error = errno;
    close(fd);
    fd = -1;
  }
  errno = error;
  return fd;
}

#define MODE(flags, mode) \
  mode_t mode = 0; \
  if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int dirfd, const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(dirfd, path, flags, mode);
}
int openat64(int dirfd, const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(dirfd, path, flags | O_LARGEFILE, mode);
}
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  leave(fd);
  return real_close()(fd);
}
int dup(int fd) {
  int copy = real_dup()(fd);
  if (copy >= 0 && slot_of(fd)) adopt(copy, 0);
  return copy;
}
int dup2(int fd, int copy) {
  if (fd != copy) leave(copy);
  int result = real_dup2()(fd, copy);
  if (result >= 0 && fd != copy && slot_of(fd)) adopt(result, 0);
  return result;
}
int dup3(int fd, int copy, int flags) {
  if (fd != copy) leave(copy);
  int result = real_dup3()(fd, copy, flags);
  if (result >= 0 && slot_of(fd)) adopt(result, 0);
  return result;
}

int unlinkat(int dirfd, const char *path, int flags) {
  if (!inside(path) || (flags & AT_REMOVEDIR)) return real_unlinkat()(dirfd, path, flags);
  struct stat st;
  if (refused()) return -1;
  int known = !fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW);
  int result = real_unlinkat()(dirfd, path, flags);
  if (!result && known && st.st_nlink == 1) {
    forget(&st);
    give_back(st.st_size);
  }
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int remove(const char *path) {
  int result = unlinkat(AT_FDCWD, path, 0);
  return result && (errno == EISDIR || errno == EPERM) ? rmdir(path) : result;
}

struct move {
  const char *from, *to;
};

static void move_log(struct slot *slot, void *context) {
  struct move *move = context;
  size_t length = strlen(move->from);
  if (strncmp(slot->path, move->from, length) || slot->path[length] != '/') return;
  char path[PATH_MAX * 2];
  snprintf(path, sizeof path, "%s%s", move->to, slot->path + length);
  char *copy = strdup(path);
  if (!copy || set_head(slot->log, copy, slot->durable)) COUNT(lost);
  if (copy) slot->path = copy;
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  if (!inside(old) && !inside(new)) return real_renameat2()(from, old, to, new, flags);
  struct stat moved, victim;
  char before[PATH_MAX], after[PATH_MAX];
  if (refused()) return -1;
  int known = !fstatat(from, old, &moved, AT_SYMLINK_NOFOLLOW) && realpath(old, before);
  int covered = !fstatat(to, new, &victim, AT_SYMLINK_NOFOLLOW) && S_ISREG(victim.st_mode);
  int result = real_renameat2()(from, old, to, new, flags);
  if (result) return result;
  if (covered && victim.st_nlink == 1 && known && victim.st_ino != moved.st_ino) {
    forget(&victim);
    give_back(victim.st_size);
  }
  if (known && realpath(new, after)) {
    if (S_ISREG(moved.st_mode)) {
      slot_for(moved.st_dev, moved.st_ino, after, 0);
    } else if (S_ISDIR(moved.st_mode)) {
      struct move move = {before, after};
      each_log(move_log, &move);
    }
  }
  return 0;
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

/* ---- free space ---- */

static void limit(struct statvfs *result) {
  if (!GET(limited)) return;
  int64_t left = GET(left);
  fsblkcnt_t blocks = left > 0 ? left / result->f_frsize : 0;
  if (blocks < result->f_bavail) result->f_bavail = blocks;
  if (blocks < result->f_bfree) result->f_bfree = blocks;
}
int statvfs(const char *path, struct statvfs *result) {
  int failed = real_statvfs()(path, result);
  if (!failed && inside(path)) limit(result);
  return failed;
}
int fstatvfs(int fd, struct statvfs *result) {
  int failed = real_fstatvfs()(fd, result);
  if (!failed && slot_of(fd)) limit(result);
  return failed;
}
int statvfs64(const char *path, struct statvfs64 *result) { return statvfs(path, (struct statvfs *)result); }
int fstatvfs64(int fd, struct statvfs64 *result) { return fstatvfs(fd, (struct statvfs *)result); }

/* ---- clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *time) {
  int failed = real_clock_gettime()(clock, time);
  int64_t offset = GET(clock_nanos);
  if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t nanos = time->tv_nsec + offset % 1000000000;
    time->tv_sec += offset / 1000000000 + (nanos >= 1000000000) - (nanos < 0);
    time->tv_nsec = nanos < 0 ? nanos + 1000000000 : nanos >= 1000000000 ? nanos - 1000000000 : nanos;
  }
  return failed;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
time_t time(time_t *result) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

/* ---- beginnings ---- */

/* Java finds some functions in libc itself, and would pass by those of this file. */
void *dlsym(void *restrict handle, const char *restrict name) {
  static const struct {
    const char *name;
    void *ours;
  } wrapped[] = {
      {"open", open}, {"close", close}, {"fsync", fsync}, {"fdatasync", fdatasync}, {"syncfs", syncfs},
      {"write", write}, {"pwrite", pwrite}, {"ftruncate", ftruncate}, {"fallocate", fallocate},
      {"copy_file_range", copy_file_range}, {"rename", rename}, {"unlink", unlink},
  };
  if (!found_dlsym) find("dlsym");
  for (unsigned i = 0; handle != RTLD_NEXT && i < sizeof wrapped / sizeof *wrapped; i++)
    if (!strcmp(name, wrapped[i].name)) {
      void *theirs = found_dlsym(handle, name);
      return theirs && theirs == find(name) ? wrapped[i].ours : theirs;
    }
  return found_dlsym(handle, name);
}

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("STARLING_FAULT_CONTROL");
  const char *of = getenv("STARLING_FAULT_VOLUME");
  const char *logs = getenv("STARLING_FAULT_UNDO");
  if (!file) return;
  int fd = real_openat()(AT_FDCWD, file, O_RDWR | O_CLOEXEC);
  void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd >= 0) real_close()(fd);
  if (mapped == MAP_FAILED) {
    dprintf(2, "faults are left out: %s cannot be mapped\n", file);
    return;
  }
  control = mapped;
  /* After a power cut nothing starts before all is undone. */
  while (GET(hold)) nap(1000000);
  __atomic_store_n(&control->pid, getpid(), __ATOMIC_RELAXED);
  if (!of || !logs || strlen(of) >= PATH_MAX || strlen(logs) >= sizeof undo) return;
  strcpy(volume[0], of);
  strcpy(undo, logs);
  /* The directory itself may not be there yet; the one above it is. */
  char above[PATH_MAX], real[PATH_MAX];
  strcpy(above, of);
  char *slash = strrchr(above, '/');
  if (slash && slash != above) {
    *slash = 0;
    if (realpath(above, real) && snprintf(volume[1], PATH_MAX, "%s/%s", real, slash + 1) >= PATH_MAX)
      *volume[1] = 0;
  }
  armed = 1;
}
