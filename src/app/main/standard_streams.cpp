// Whoever starts a program may have closed its standard streams. The next file that it opens would
// then get one of their numbers, and what is said to the user would be written into that file: a
// log into the store, the words of a key into a lock. So all three are opened, on the null device,
// before anything else is: by the first function that runs in the process, ahead of all
// constructors of libraries, some of which open files.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {

// System calls as they are: what a sanitizer puts in their place is not ready yet.
__attribute__((no_sanitize("address", "undefined", "thread"))) void hold_standard_streams(
    int /*count*/, char** /*words*/, char** /*environment*/) {
    for (int wanted = STDIN_FILENO; wanted <= STDERR_FILENO; ++wanted) {
        if (::syscall(SYS_fcntl, wanted, F_GETFD) != -1 || errno != EBADF) continue;
        // It gets the lowest number that is free. Where there is no null device, a folder will do:
        // it takes no bytes either.
        long opened = ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
        if (opened < 0) opened = ::syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY);
        if (opened != wanted) ::syscall(SYS_exit_group, 1);
    }
}

using First = void (*)(int, char**, char**);
[[gnu::used, gnu::section(".preinit_array")]] const First kFirst = hold_standard_streams;

}  // namespace
