/* A disk that takes its time: preloaded, it holds each sync of the process for as long as a shared
 * file says.
 *
 * CAIRN_SLOW_DISK names the file: four numbers of 64 bits in the machine's order, mapped by both
 * sides. The delay is looked at every millisecond, so that a shorter one frees also what waits
 * already.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct disk {
    uint64_t delay_ms; /* written by the test; all else by this library */
    uint64_t fault;    /* an errno with which syncs fail after the delay; 0: they are done */
    uint64_t waiting;  /* syncs that are held now */
    uint64_t begun;    /* syncs ever asked for */
};

static struct disk* shared;

__attribute__((constructor)) static void map(void) {
    const char* path = getenv("CAIRN_SLOW_DISK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void* found = mmap(NULL, sizeof(struct disk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (found != MAP_FAILED) shared = found;
    close(fd);
}

static uint64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* The errno with which the sync fails, or 0. */
static int hold(void) {
    if (!shared) return 0;
    const struct timespec slice = {0, 1000000};
    const uint64_t begin = now_ms();
    __atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&shared->waiting, 1, __ATOMIC_SEQ_CST);
    while (now_ms() - begin < __atomic_load_n(&shared->delay_ms, __ATOMIC_SEQ_CST))
        nanosleep(&slice, NULL);
    __atomic_sub_fetch(&shared->waiting, 1, __ATOMIC_SEQ_CST);
    return (int)__atomic_load_n(&shared->fault, __ATOMIC_SEQ_CST);
}

static int held(long number, int fd) {
    const int fault = hold();
    if (fault) {
        errno = fault;
        return -1;
    }
    return (int)syscall(number, fd);
}

int fsync(int fd) { return held(SYS_fsync, fd); }
int fdatasync(int fd) { return held(SYS_fdatasync, fd); }
int syncfs(int fd) { return held(SYS_syncfs, fd); }

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    const int fault = hold();
    if (fault) {
        errno = fault;
        return -1;
    }
    return (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}
