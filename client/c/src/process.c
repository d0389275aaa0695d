/* What /proc says of processes and of this host. */
#include "process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sha256.h"

/* Reads the beginning of a small file, terminated. Empty when it cannot be read. */
static void read_file(const char *path, char *to, size_t size) {
    ssize_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        length = read(fd, to, size - 1);
        close(fd);
    }
    to[length < 0 ? 0 : length] = '\0';
}

int64_t oc_process_start_ticks(int64_t pid) {
    char path[64], text[1024];
    const char *at;
    if (pid <= 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    read_file(path, text, sizeof text);
    at = strrchr(text, ')'); /* the name before it may hold anything */
    if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
        return -1;
    at++;
    for (int field = 3; field <= 22; field++) {
        at = strchr(at, ' ');
        if (at == NULL)
            return -1;
        at++;
    }
    return strtoll(at, NULL, 10);
}

int64_t oc_process_namespace(void) {
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? (int64_t)status.st_ino : 0;
}

void oc_host_id(char id[33]) {
    char boot[64], text[192], hex[OC_SHA256_DIGITS + 1];
    struct stat shm;
    read_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    boot[strcspn(boot, "\n")] = '\0';
    if (stat("/dev/shm", &shm) == 0)
        snprintf(text, sizeof text, "%s\n%lld:%lld", boot, (long long)shm.st_dev, (long long)shm.st_ino);
    else /* nothing to share through: equal to nobody */
        snprintf(text, sizeof text, "%s\nnone, process %lld of %lld", boot, (long long)getpid(),
            (long long)oc_process_start_ticks(getpid()));
    oc_sha256_hex(text, strlen(text), hex);
    memcpy(id, hex, 32);
    id[32] = '\0';
}
