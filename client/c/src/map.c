/*
 * One function over many items. A window of calls is in the queue; whichever ends takes the next
 * item, in the thread that ended it, so that no item waits for the caller's thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "pool.h"

enum { WINDOW = 4096 };

struct map {
    offcut_pool *pool;
    offcut_item *items;
    size_t count;
    atomic_size_t next; /* item nobody has begun */
    atomic_size_t failed;
    atomic_bool stopped;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    size_t active; /* calls that still take items */
    offcut_call *calls[WINDOW];
    offcut_item *item_of[WINDOW];
    struct place {
        struct map *map;
        size_t index;
    } places[WINDOW];
};

static void end_item(struct map *map, offcut_item *item, int status, uint32_t bytes, int attempts) {
    item->status = status;
    item->output_bytes = bytes;
    item->attempts = attempts;
    if (status != OFFCUT_STATUS_OK)
        atomic_fetch_add(&map->failed, 1);
}

/* Gives the call the next item and queues it. False when there is none for it any more. */
static bool begin_next(struct map *map, size_t place) {
    offcut_call *call = map->calls[place];
    while (!atomic_load(&map->stopped)) {
        size_t index = atomic_fetch_add(&map->next, 1);
        offcut_item *item = &map->items[index];
        if (index >= map->count)
            return false;
        map->item_of[place] = item;
        call->input = item->input;
        call->input_bytes = item->input_bytes;
        call->output = item->output;
        call->output_capacity = item->output_capacity;
        call->lost = call->crashed = 0;
        atomic_store(&call->attempts, 0);
        atomic_store(&call->state, OC_CALL_WAITING);
        if (oc_pool_put(map->pool, call))
            return true;
        atomic_store(&call->state, OC_CALL_ENDED);
        end_item(map, item, OFFCUT_STATUS_CANCELLED, 0, 0);
    }
    return false;
}

static void retire(struct map *map) {
    pthread_mutex_lock(&map->mutex);
    if (--map->active == 0)
        pthread_cond_signal(&map->ended);
    pthread_mutex_unlock(&map->mutex);
}

static void item_ended(offcut_call *call, void *argument) {
    struct place *place = argument;
    struct map *map = place->map;
    end_item(map, map->item_of[place->index], call->status, call->output_bytes, offcut_call_attempts(call));
    if (!begin_next(map, place->index))
        retire(map);
}

/* Waits until all calls have retired. Returns whether they did in time. */
static bool await_all(struct map *map, int64_t deadline_ns) {
    bool late = false;
    pthread_mutex_lock(&map->mutex);
    while (map->active > 0 && !late) {
        struct timespec until = oc_timespec(deadline_ns);
        if (deadline_ns == INT64_MAX)
            pthread_cond_wait(&map->ended, &map->mutex);
        else
            late = pthread_cond_timedwait(&map->ended, &map->mutex, &until) == ETIMEDOUT;
    }
    late = map->active > 0;
    pthread_mutex_unlock(&map->mutex);
    return !late;
}

static struct map *make(offcut_pool *pool, int function, offcut_item *items, size_t count, size_t *window) {
    pthread_condattr_t monotonic;
    struct map *map = calloc(1, sizeof *map);
    if (map == NULL)
        return NULL;
    map->pool = pool;
    map->items = items;
    map->count = count;
    for (*window = 0; *window < WINDOW && *window < count; ++*window) {
        offcut_call *call = oc_pool_call(pool, function);
        if (call == NULL)
            break;
        map->places[*window] = (struct place){map, *window};
        call->done = item_ended;
        call->argument = &map->places[*window];
        map->calls[*window] = call;
    }
    pthread_mutex_init(&map->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&map->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return map;
}

static void run(struct map *map, size_t window, int64_t deadline_ns) {
    map->active = window;
    for (size_t i = 0; i < window; i++)
        if (!begin_next(map, i))
            retire(map);
    if (!await_all(map, deadline_ns)) {
        atomic_store(&map->stopped, true);
        do { /* again for those that were just being queued */
            for (size_t i = 0; i < window; i++)
                oc_call_give_up(map->calls[i], OFFCUT_STATUS_TIMED_OUT);
        } while (!await_all(map, oc_after_ns(OC_MS)));
    }
    for (size_t i = atomic_load(&map->next); i < map->count; i++)
        end_item(map, &map->items[i], OFFCUT_STATUS_TIMED_OUT, 0, 0);
}

static void drop(struct map *map, size_t window) {
    for (size_t i = 0; i < window; i++)
        oc_call_drop(map->calls[i]);
    pthread_cond_destroy(&map->ended);
    pthread_mutex_destroy(&map->mutex);
    free(map);
}

int offcut_map(offcut_pool *pool, int function, offcut_item *items, size_t count,
    int64_t timeout_ns, offcut_error *error) {
    struct map *map;
    size_t window, failed;
    if (count == 0)
        return 0;
    if (function < 0 || function >= pool->lease->bundle.count)
        return oc_fail(error, OFFCUT_ERR_USAGE, "function %d: the bundle %s has %d: ask offcut_pool_function",
            function, pool->lease->bundle.name, pool->lease->bundle.count);
    map = make(pool, function, items, count, &window);
    if (map == NULL || window == 0) {
        if (map != NULL)
            drop(map, window);
        return oc_fail(error, OFFCUT_ERR_EXHAUSTED, "no memory for a map");
    }
    run(map, window, oc_after_ns(timeout_ns));
    failed = atomic_load(&map->failed);
    drop(map, window);
    if (failed == 0)
        return 0;
    pthread_mutex_lock(&pool->mutex);
    if (pool->failure.code != 0) {
        int code = oc_fail(error, pool->failure.code, "%s", pool->failure.message);
        pthread_mutex_unlock(&pool->mutex);
        return code;
    }
    pthread_mutex_unlock(&pool->mutex);
    return oc_fail(error, OFFCUT_ERR_ITEMS_FAILED, "%zu of %zu items failed: see their status", failed, count);
}
