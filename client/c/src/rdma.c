/* Loads rdma-core's libraries; see rdma.h. */
#include "rdma.h"

#include <stddef.h>

#ifdef OC_WITH_VERBS

#include <dlfcn.h>
#include <glob.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

enum { LEAST_MEMLOCK_BYTES = 64 << 20 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static oc_rdma calls;
static bool loaded;

static bool find(void *library, const char *name, void **to) {
    *to = library == NULL ? NULL : dlsym(library, name);
    return *to != NULL;
}

/* A library stays for good: providers of devices do not bear to be unloaded. */
static void load(void) {
    void *verbs = dlopen("libibverbs.so.1", RTLD_NOW), *cm = dlopen("librdmacm.so.1", RTLD_NOW);
    bool all = true;
#define FIND_VERBS(name) all = find(verbs, #name, (void **)&calls.name##_) && all;
#define FIND_CM(name) all = find(cm, #name, (void **)&calls.name##_) && all;
    OC_VERBS_CALLS(FIND_VERBS)
    OC_CM_CALLS(FIND_CM)
    loaded = all;
}

const oc_rdma *oc_rdma_load(void) {
    pthread_once(&once, load);
    return loaded ? &calls : NULL;
}

static bool active(const char *file) {
    FILE *state = fopen(file, "re");
    int number = 0;
    bool is = state != NULL && fscanf(state, "%d:", &number) == 1 && number == IBV_PORT_ACTIVE;
    if (state != NULL)
        fclose(state);
    return is;
}

static bool any_device(void) {
    glob_t ports = {0};
    bool any = false;
    if (glob("/sys/class/infiniband/*/ports/*/state", 0, NULL, &ports) == 0)
        for (size_t i = 0; i < ports.gl_pathc && !any; i++)
            any = active(ports.gl_pathv[i]);
    globfree(&ports);
    return any;
}

const char *oc_rdma_problem(void) {
    struct rlimit memlock;
    if (!any_device())
        return "this machine has no RDMA device that can be used; see 'offcut rdma devices', or use tcp";
    if (oc_rdma_load() == NULL)
        return "this machine has an incomplete rdma-core; install libibverbs1, ibverbs-providers and librdmacm1, or use tcp";
    if (getrlimit(RLIMIT_MEMLOCK, &memlock) == 0 && memlock.rlim_cur < LEAST_MEMLOCK_BYTES)
        return "too little memory may be registered; raise memlock (ulimit -l), or use tcp";
    return NULL;
}

#else

const char *oc_rdma_problem(void) {
    return "this library was built without it; build client/c with libibverbs-dev and librdmacm-dev, or use tcp";
}

#endif
