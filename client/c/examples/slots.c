/*
 * The zero-copy interface: echoes numbers through one worker's slots, all of them in flight, and
 * checks that each comes back once and right.
 *
 *   slots [-n numbers] [-b bytes] [-a] function
 *
 * The function answers with its input, which is the number and those that follow it, 8 bytes each,
 * as many as fit in so many bytes: one if -b is not given. With -a the worker stays hot (hot timeout −1) and the
 * median round trip of a lone call is printed. Exit: as docs/reference/errors.md.
 */
#include <offcut.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int fail(const offcut_error *error) {
    fprintf(stderr, "slots: %s\n", error->message);
    return offcut_code_exit(error->code);
}

static void fill(uint64_t *words, uint64_t number, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes / sizeof *words; i++)
        words[i] = number + i;
}

static int is_filled(const uint64_t *words, uint64_t number, uint32_t bytes) {
    uint32_t i = 0;
    while (i < bytes / sizeof *words && words[i] == number + i)
        i++;
    return i == bytes / sizeof *words;
}

/* Fills all free slots with the next numbers. Returns the number after the last posted. */
static uint64_t post_all(offcut_worker *worker, int function, uint32_t bytes, uint64_t next, uint64_t count) {
    int slot;
    while (next < count && (slot = offcut_acquire(worker)) >= 0) {
        fill(offcut_input(worker, slot), next, bytes);
        if (offcut_post(worker, slot, next, function, bytes, 0) != 0) {
            offcut_release(worker, slot);
            break;
        }
        next++;
    }
    return next;
}

/* Echoes the numbers 0..count−1. Returns their sum as it came back; *status is not 0 on failure. */
static uint64_t echo(offcut_worker *worker, int function, uint32_t bytes, uint64_t count, int *status) {
    uint64_t next = 0, done = 0, sum = 0;
    *status = 0;
    while (done < count && *status == 0) {
        uint64_t number;
        uint32_t length;
        const void *result;
        int slot;
        next = post_all(worker, function, bytes, next, count);
        slot = offcut_await(worker, 10000000000LL);
        if (slot < 0) {
            *status = offcut_ended(worker) != 0 ? offcut_ended(worker) : OFFCUT_STATUS_TIMED_OUT;
            break;
        }
        *status = offcut_status(worker, slot);
        number = offcut_invocation_id(worker, slot);
        result = offcut_result(worker, slot, &length);
        if (*status == 0 && (length != bytes || !is_filled(result, number, bytes)))
            *status = OFFCUT_STATUS_MALFORMED;
        sum += number;
        done++;
        offcut_release(worker, slot);
    }
    return sum;
}

static int by_value(const void *a, const void *b) {
    const long long *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Median round trip of a lone call, polling. */
static long long median_ns(offcut_worker *worker, int function) {
    enum { CALLS = 20000 };
    static long long took[CALLS];
    for (int i = 0; i < CALLS; i++) {
        long long start = now_ns();
        int slot = offcut_acquire(worker), done = OFFCUT_NONE;
        memset(offcut_input(worker, slot), i, 64);
        offcut_post(worker, slot, (uint64_t)i, function, 64, 0);
        while (done == OFFCUT_NONE && offcut_ended(worker) == 0)
            done = offcut_poll(worker);
        offcut_release(worker, done);
        took[i] = now_ns() - start;
    }
    qsort(took, CALLS, sizeof took[0], by_value);
    return took[CALLS / 2];
}

static int run(offcut_lease *lease, offcut_worker *worker, uint32_t bytes, uint64_t count, int hot) {
    int function = offcut_lease_function(lease, NULL), status;
    uint64_t sum = echo(worker, function, bytes, count, &status);
    if (status != 0) {
        fprintf(stderr, "slots: %s\n", offcut_status_name(status));
        return 10;
    }
    printf("%llu numbers over %s through %d slots, sum %llu\n", (unsigned long long)count,
        offcut_worker_transport(worker), offcut_worker_slots(worker), (unsigned long long)sum);
    if (hot)
        printf("median round trip %lld ns\n", median_ns(worker, function));
    return sum == count * (count - 1) / 2 ? 0 : 1;
}

int main(int argc, char **argv) {
    offcut_options options;
    offcut_error error = {0};
    offcut_client *client;
    offcut_lease *lease = NULL;
    offcut_worker *worker = NULL;
    uint64_t count = 10000;
    int bytes = sizeof count, hot = 0, flag, result = 0;
    while ((flag = getopt(argc, argv, "n:b:a")) != -1) {
        if (flag == 'n')
            count = strtoull(optarg, NULL, 10);
        if (flag == 'b')
            bytes = atoi(optarg);
        hot |= flag == 'a';
    }
    if (optind + 1 != argc || count < 1 || bytes < (int)sizeof count || bytes % sizeof count != 0) {
        fprintf(stderr, "usage: slots [-n numbers] [-b bytes, in eights] [-a] function\n");
        return 2;
    }
    offcut_options_init(&options, argv[optind]);
    if (bytes > options.payload_bytes) { /* and memory for an input, a result and as much again */
        options.payload_bytes = bytes;
        options.memory_bytes_per_worker += 4 * (int64_t)bytes;
    }
    options.hot_timeout_us = hot ? -1 : options.hot_timeout_us;
    client = offcut_connect(NULL, &error);
    if (client != NULL)
        lease = offcut_lease_request(client, &options, &error);
    if (lease != NULL)
        worker = offcut_lease_take(lease, 60000000000LL, &error);
    result = worker == NULL ? fail(&error) : run(lease, worker, (uint32_t)bytes, count, hot);
    offcut_worker_close(worker);
    offcut_lease_release(lease);
    offcut_client_close(client);
    return result;
}
