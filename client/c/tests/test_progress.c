/* A job's progress counter. */
#include "offcut.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define NONE UINT64_MAX

static uint64_t counted(const char *path) {
    unsigned char bytes[8];
    uint64_t value = 0;
    int file = open(path, O_RDONLY);
    bool whole = file >= 0 && read(file, bytes, sizeof bytes) == sizeof bytes;
    if (file >= 0)
        close(file);
    if (!whole)
        return NONE;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

int main(void) {
    char dir[] = "/tmp/offcut-progress-XXXXXX", path[64], shorter[64];
    int file;
    pid_t child;
    ok(mkdtemp(dir) != NULL, "a folder");
    snprintf(path, sizeof path, "%s/7", dir);
    snprintf(shorter, sizeof shorter, "%s/short", dir);

    file = open(shorter, O_RDWR | O_CREAT, 0600);
    close(file);
    setenv("OFFCUT_PROGRESS", shorter, 1);
    offcut_progress(1);
    ok(counted(shorter) == NONE, "a file that is no page is let alone");

    file = open(path, O_RDWR | O_CREAT, 0600);
    ok(ftruncate(file, 4096) == 0, "a page");
    close(file);
    setenv("OFFCUT_PROGRESS", path, 1);
    for (int i = 0; i < 200 && counted(path) == 0; i++) {
        offcut_progress(1000);
        usleep(10000);
    }
    ok(counted(path) == 1000, "it counts when the page has come");
    offcut_progress(UINT64_C(1) << 40);
    ok(counted(path) == (UINT64_C(1) << 40) + 1000, "little-endian, eight bytes");
    child = fork();
    if (child == 0) {
        offcut_progress(1);
        _exit(0);
    }
    ok(waitpid(child, NULL, 0) == child && counted(path) == (UINT64_C(1) << 40) + 1001, "the processes of a job count together");
    unlink(path);
    unlink(shorter);
    rmdir(dir);
    return done();
}
