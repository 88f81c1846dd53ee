// Has the thread $THREAD hang while the file $HANG is there, each at what it does and the others do
// not: preloaded into a daemon.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static void hang(const char *thread) {
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    if (strcmp(name, thread) != 0 || strcmp(thread, getenv("THREAD")) != 0)
        return;
    while (access(getenv("HANG"), F_OK) == 0)
        sleep(1);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) {
    int (*real)(int, struct mmsghdr *, unsigned int, int) = dlsym(RTLD_NEXT, "sendmmsg");
    hang("core");
    return real(fd, messages, count, flags);
}

ssize_t send(int fd, const void *octets, size_t count, int flags) {
    ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    hang("kernel");
    return real(fd, octets, count, flags);
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
    int (*real)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");
    hang("checks");
    return real(fd, events, most, timeout);
}

int open64(const char *path, int flags, ...) {
    int (*real)(const char *, int, mode_t) = dlsym(RTLD_NEXT, "open64");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    hang("worker");
    return real(path, flags, mode);
}
