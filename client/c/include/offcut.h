/*
 * offcut.h: the C client of Offcut. Leases workers on idle cores and runs functions there.
 *
 * Two layers:
 *
 *   - A pool (offcut_pool_*, offcut_invoke, offcut_submit, offcut_map) keeps the workers, tries
 *     idempotent invocations again when their worker is lost, and may be used by any thread.
 *   - A worker (offcut_worker_*, offcut_acquire … offcut_release) is the zero-copy interface below:
 *     slots of memory that both sides share. For one thread at a time. In shared memory, and by
 *     RDMA but for a look at the connection ten times a second, none of acquire, input, post,
 *     poll, status, result and release allocates, locks or makes a system call while the worker
 *     is hot.
 *
 * Conventions. Times are relative; their unit is the last part of the name. The library never
 * prints, never ends the program and installs no signal handler unless offcut_survive_truncation
 * is called. A function that can fail has a last parameter `error`, which may be NULL; it is set
 * when, and only when, the function fails. An invocation that ends, well or not, is no error: it
 * has a status, 0 or negative.
 *
 * Whatever the other side writes is checked before it is used; what cannot be right ends the
 * worker with OFFCUT_STATUS_MALFORMED, never the program.
 */
#ifndef OFFCUT_H
#define OFFCUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef OFFCUT_API
#define OFFCUT_API __attribute__((visibility("default")))
#endif

#define OFFCUT_VERSION "0.1.0"

/* Why a call to the library failed: the codes of docs/reference/errors.md, in its order. */
enum offcut_code {
    OFFCUT_ERR_NONE = 0,
    OFFCUT_ERR_ITEMS_FAILED,
    OFFCUT_ERR_USAGE,
    OFFCUT_ERR_UNREACHABLE,
    OFFCUT_ERR_NO_CAPACITY,
    OFFCUT_ERR_NOT_FOUND,
    OFFCUT_ERR_UNAUTHORIZED,
    OFFCUT_ERR_FORBIDDEN,
    OFFCUT_ERR_INVALID_INPUT,
    OFFCUT_ERR_TOO_LARGE,
    OFFCUT_ERR_CONFLICT,
    OFFCUT_ERR_EXHAUSTED,
    OFFCUT_ERR_FUNCTION_FAILED,
    OFFCUT_ERR_WRONG_VERSION,
    OFFCUT_ERR_INTERNAL
};

/* How an invocation ended: the numbers on the wire. */
enum offcut_status {
    OFFCUT_STATUS_OK = 0,
    OFFCUT_STATUS_FUNCTION_ERROR = -1,   /* the result carries the function's message */
    OFFCUT_STATUS_TOO_LARGE = -2,        /* input or result over the limit */
    OFFCUT_STATUS_BUSY = -3,             /* all slots are taken */
    OFFCUT_STATUS_REVOKED = -4,          /* a batch job wanted the cores */
    OFFCUT_STATUS_EXPIRED = -5,          /* the lease was not renewed */
    OFFCUT_STATUS_NO_SUCH_FUNCTION = -6, /* or its symbol, class or program is missing */
    OFFCUT_STATUS_CRASHED = -7,          /* the executor died while it ran this invocation */
    OFFCUT_STATUS_TIMED_OUT = -8,        /* the function's limit, or the caller's */
    OFFCUT_STATUS_MALFORMED = -9,        /* a frame that is none, or a slot in the wrong state */
    OFFCUT_STATUS_WRONG_VERSION = -10,   /* another protocol version */
    OFFCUT_STATUS_DISCONNECTED = -11,    /* the worker was lost; nobody knows whether it ran */
    OFFCUT_STATUS_CANCELLED = -12,       /* the caller cancelled it, or closed the pool */
    OFFCUT_STATUS_PENDING = 1            /* has not ended; never on the wire */
};

/* No slot: what offcut_acquire, offcut_poll and offcut_await return when there is none. */
#define OFFCUT_NONE (-1)

/* For ever, where a timeout is taken. */
#define OFFCUT_FOREVER_NS INT64_MAX

/* What went wrong, where, what to do, in one line. */
typedef struct offcut_error {
    int code; /* enum offcut_code */
    char message[512];
} offcut_error;

typedef struct offcut_client offcut_client;
typedef struct offcut_lease offcut_lease;
typedef struct offcut_worker offcut_worker;
typedef struct offcut_pool offcut_pool;
typedef struct offcut_call offcut_call;

/* The code's name in docs/reference/errors.md, e.g. "NO_CAPACITY"; "INTERNAL" for no code. Static. */
OFFCUT_API const char *offcut_code_name(int code);

/* The exit status a program should end with for this code (docs/reference/errors.md). */
OFFCUT_API int offcut_code_exit(int code);

/* The status's name, e.g. "REVOKED"; "MALFORMED" for a number that is none. Static. */
OFFCUT_API const char *offcut_status_name(int status);

/* Whether an idempotent invocation that ended so may be tried again elsewhere: 1 or 0. */
OFFCUT_API int offcut_status_retryable(int status);

/* --- connecting */

/* How to reach the scheduler. Strings are copied by offcut_connect; NULL and "" mean not given. */
typedef struct offcut_config {
    const char *scheduler_url; /* http://host:port; default http://127.0.0.1:7070 */
    const char *token;         /* bearer token */
    const char *token_file;    /* file whose first line it is, read when token is not given */
    const char *user;          /* name where no credential is asked for; default: the user's own */
    const char *job;           /* batch job of which the program is a part: it gets the workers that
                                  were asked for at the job's start, all it gets ends with the job */
    int64_t connect_timeout_ms; /* longest wait for a connection; default 3000 */
    int64_t request_timeout_ms; /* longest wait for an answer; default 10000 */
    int64_t spin_us;            /* how long an idle thread of a pool polls before it sleeps; 20 */
} offcut_config;

/*
 * Fills in the defaults, over them the lines of ~/.config/offcut/client.yaml, or else of
 * /etc/offcut/client.yaml, as they were at the first call, over them the environment:
 * OFFCUT_SCHEDULER_URL, OFFCUT_TOKEN, OFFCUT_TOKEN_FILE, OFFCUT_USER, OFFCUT_JOB. The strings
 * point into the environment or stay as long as the program.
 */
OFFCUT_API void offcut_config_init(offcut_config *config);

/*
 * A client with this configuration; NULL means what offcut_config_init gives. Sends nothing yet.
 * Returns NULL on error: USAGE (not an address; https is not spoken), UNAUTHORIZED (the token
 * file cannot be read). Any thread may use the client.
 */
OFFCUT_API offcut_client *offcut_connect(const offcut_config *config, offcut_error *error);

/* Ends a client. Its leases and pools must be ended before. NULL is allowed. */
OFFCUT_API void offcut_client_close(offcut_client *client);

/* --- leasing */

/* What workers are wanted. */
typedef struct offcut_options {
    const char *function;            /* bundle/function, bundle, or function; copied */
    const char *transports;          /* some of "shm,verbs,tcp", or NULL: all that can be used */
    int32_t workers;                 /* how many; default 1, at most 4096 */
    int32_t min_workers;             /* none is granted before this many can be; default 1 */
    int64_t memory_bytes_per_worker; /* ceiling of each; default 256 MiB */
    int32_t payload_bytes;           /* largest input and largest result; default 1 MiB, to 1 GiB */
    int64_t ttl_ms;                  /* a worker lives so long without a sign of us; 60000 */
    int64_t queue_ms;                /* how long to wait when nothing is free; 60000; 0 not at all */
    int64_t hot_timeout_us;          /* an idle worker polls so long; −1 for ever, 0 never; 1000 */
    int32_t lost_attempts;    /* pool: tries of an idempotent invocation that lose a worker; 100 */
    int32_t crashed_attempts; /* pool: of these, how many may end in a crash; 3 */
} offcut_options;

/* Fills in the defaults for this function, and the transports of OFFCUT_TRANSPORTS if set. */
OFFCUT_API void offcut_options_init(offcut_options *options, const char *function);

/*
 * Asks for workers and keeps the wish up until it is released: a thread of the library renews it,
 * opens granted leases on their nodes, and asks again for what is lost. Blocks for two exchanges
 * with the scheduler, not for workers. Errors: USAGE, UNREACHABLE, NOT_FOUND (no such function),
 * UNAUTHORIZED, FORBIDDEN, NO_CAPACITY, EXHAUSTED, and whatever else the scheduler answers. For a
 * client that is NULL it returns NULL and leaves the error that offcut_connect set.
 */
OFFCUT_API offcut_lease *offcut_lease_request(
    offcut_client *client, const offcut_options *options, offcut_error *error);

/*
 * Index of a function of the leased bundle ("name" or "bundle/name"; NULL: the one leased), for
 * offcut_post. Negative when there is none. Does not block. Any thread.
 */
OFFCUT_API int offcut_lease_function(const offcut_lease *lease, const char *name);

/* Whether the function with this index may be run twice: 1 or 0. Any thread. */
OFFCUT_API int offcut_lease_idempotent(const offcut_lease *lease, int function);

/*
 * Takes a worker that nobody has, waiting for one at most so long. NULL when none came in time
 * (NO_CAPACITY, with why the last one could not be opened) or none will come (any other code). Any thread. The caller owns the worker until
 * offcut_worker_close. A lost worker is replaced: close it and take again.
 */
OFFCUT_API offcut_worker *offcut_lease_take(
    offcut_lease *lease, int64_t timeout_ns, offcut_error *error);

/*
 * Gives everything back and ends the library's thread. Blocks for one exchange with the scheduler
 * at most. Workers still taken end with CANCELLED and must still be closed. NULL is allowed.
 */
OFFCUT_API void offcut_lease_release(offcut_lease *lease);

/* --- one worker, without copies. For one thread at a time. */

/* Number of slots: invocations that can be outstanding at once, at most 64. */
OFFCUT_API int offcut_worker_slots(const offcut_worker *worker);

/* Largest input and largest result, in bytes. */
OFFCUT_API uint32_t offcut_worker_payload_bytes(const offcut_worker *worker);

/* "shm", "verbs" or "tcp". */
OFFCUT_API const char *offcut_worker_transport(const offcut_worker *worker);

/* Name of the node it is on. Valid until offcut_worker_close. */
OFFCUT_API const char *offcut_worker_node(const offcut_worker *worker);

/* Takes a free slot; OFFCUT_NONE when all are taken or the worker has ended. Does not block. */
OFFCUT_API int offcut_acquire(offcut_worker *worker);

/* The slot's input memory, offcut_worker_payload_bytes long; NULL for no slot. */
OFFCUT_API void *offcut_input(offcut_worker *worker, int slot);

/*
 * Hands the slot's input to the worker. Does not block.
 *   invocation_id  any number; comes back with the result
 *   function       index, see offcut_lease_function
 *   bytes          how much of the input counts
 *   deadline_ns    longest time from its arrival at the worker; 0 for the function's own limit
 * Returns 0, or a negative status: then nothing was sent and the slot is still the caller's.
 */
OFFCUT_API int offcut_post(offcut_worker *worker, int slot, uint64_t invocation_id, int function,
    uint32_t bytes, int64_t deadline_ns);

/* A slot whose invocation ended, each once; OFFCUT_NONE when there is none. Does not block. */
OFFCUT_API int offcut_poll(offcut_worker *worker);

/*
 * Like offcut_poll, but sleeps until there is one or the time is over. Returns OFFCUT_NONE at once
 * when nothing is outstanding. A worker that dies, however it does, is noticed within 100 ms; that
 * its whole machine is silently gone, within the network's seconds.
 */
OFFCUT_API int offcut_await(offcut_worker *worker, int64_t timeout_ns);

/* The status of a completed slot: 0 or negative. MALFORMED for a slot that is not completed. */
OFFCUT_API int offcut_status(const offcut_worker *worker, int slot);

/* The invocation id that was posted with a completed slot; 0 for one that is not completed. */
OFFCUT_API uint64_t offcut_invocation_id(const offcut_worker *worker, int slot);

/*
 * Result of a completed slot, or the message of a failed one (not terminated). Sets *bytes. Valid
 * until offcut_release. NULL and 0 for a slot that is not completed. Memory the worker can still
 * write: read a value once before trusting it.
 */
OFFCUT_API const void *offcut_result(const offcut_worker *worker, int slot, uint32_t *bytes);

/* How long the function ran, as the worker measured it. */
OFFCUT_API int64_t offcut_execution_ns(const offcut_worker *worker, int slot);

/* Gives a completed or an acquired slot back. Others are left alone. */
OFFCUT_API void offcut_release(offcut_worker *worker, int slot);

/* Why no more invocations are possible: a negative status; 0 while they are. Does not block. */
OFFCUT_API int offcut_ended(offcut_worker *worker);

/*
 * Ends the caller's hold on a worker, ended or not. What was posted and not completed is lost.
 * While its lease lives, the worker comes back through offcut_lease_take. NULL is allowed.
 */
OFFCUT_API void offcut_worker_close(offcut_worker *worker);

/*
 * Opt-in, for the whole process: a region that is truncated under the program (by a function gone
 * wild, or an administrator) ends its worker with DISCONNECTED instead of ending the program by
 * SIGBUS. Installs a SIGBUS handler that fills the missing pages of the library's regions with
 * zeros, and passes every other SIGBUS on to the handler before it. Without it, truncation that
 * happens while the worker is idle is noticed, and an access to a missing page is a SIGBUS.
 * With it, a result that was truncated away reads as zeros: offcut_ended tells, a pool looks
 * itself. Returns 0, or the code of the error. Any thread; doing it twice changes nothing.
 */
OFFCUT_API int offcut_survive_truncation(offcut_error *error);

/*
 * For batch jobs, which need nothing else of this library: adds to the job's progress counter, by
 * which the node's guard sees whether functions beside the job slow it. Call it for each unit of
 * work, best some hundred times a second or more; the unit is the job's own, and only how fast it
 * grows matters. All processes of a job on a node count together. The counter is the file
 * OFFCUT_PROGRESS names, else /dev/shm/offcut-$SLURMD_NODENAME-progress/$SLURM_JOB_ID: without
 * one this does nothing. Costs one atomic addition. Any thread.
 */
OFFCUT_API void offcut_progress(uint64_t done);

/* --- a pool: blocking and asynchronous calls, retries. Any thread. */

/*
 * Leases workers and runs one thread for each. Blocks as offcut_lease_request does; calls wait for
 * the workers. Options are those of the lease.
 */
OFFCUT_API offcut_pool *offcut_pool_open(
    offcut_client *client, const offcut_options *options, offcut_error *error);

/* As offcut_lease_function. */
OFFCUT_API int offcut_pool_function(const offcut_pool *pool, const char *name);

/* Workers that can be called at this moment. */
OFFCUT_API int offcut_pool_workers(const offcut_pool *pool);

/* Attempts that were lost and made again, since the pool was opened. */
OFFCUT_API int64_t offcut_pool_retries(const offcut_pool *pool);

/*
 * Waits until so many workers can be called. Returns 0, or a code: NO_CAPACITY when they are not
 * there in time, or why there will be none.
 */
OFFCUT_API int offcut_pool_await(
    offcut_pool *pool, int workers, int64_t timeout_ns, offcut_error *error);

/*
 * Calls a function and waits for its end, as long as it takes or at most timeout_ns
 * (OFFCUT_FOREVER_NS: no limit), the wait for a worker included.
 *   function    index (offcut_pool_function)
 *   input       is not changed; may be NULL when input_bytes is 0
 *   output      gets the result, or the message of a FUNCTION_ERROR, at most output_capacity bytes
 *   output_bytes  how long it is; may be NULL
 * Returns the status. TOO_LARGE when the result does not fit into output (then *output_bytes is
 * its length and nothing was copied). When the pool itself has failed the status is CANCELLED and
 * error says why; otherwise error is left alone.
 *
 * An idempotent function is tried again on another worker after REVOKED, EXPIRED, CRASHED,
 * DISCONNECTED or BUSY, as often as the options say. One that is not is never run twice: its
 * status says that nobody knows whether it ran.
 */
OFFCUT_API int offcut_invoke(offcut_pool *pool, int function, const void *input,
    uint32_t input_bytes, void *output, uint32_t output_capacity, uint32_t *output_bytes,
    int64_t timeout_ns, offcut_error *error);

/*
 * Told of the end of a call, exactly once, by a thread of the library or by the one that cancels.
 * Must be short and must not wait for other calls; it may submit. The call is valid until
 * offcut_call_free; freeing it here is allowed.
 */
typedef void offcut_done(offcut_call *call, void *argument);

/*
 * Calls a function and goes on. Input and output must stay where they are until the call has
 * ended (offcut_call_poll, the callback, or offcut_call_cancel has returned). done may be NULL.
 * That the time is over is told within 100 ms; a function that runs is not interrupted by it.
 * Returns NULL on error: USAGE (no such function), EXHAUSTED (no memory).
 */
OFFCUT_API offcut_call *offcut_submit(offcut_pool *pool, int function, const void *input,
    uint32_t input_bytes, void *output, uint32_t output_capacity, int64_t timeout_ns,
    offcut_done *done, void *argument, offcut_error *error);

/* Status of a call; OFFCUT_STATUS_PENDING while it has not ended. Does not block. */
OFFCUT_API int offcut_call_poll(const offcut_call *call);

/* Waits for the end of a call, at most so long. Returns what offcut_call_poll would. */
OFFCUT_API int offcut_call_wait(offcut_call *call, int64_t timeout_ns);

/* Length of the result of a call that has ended; 0 before. */
OFFCUT_API uint32_t offcut_call_bytes(const offcut_call *call);

/* How often a call was handed to a worker. */
OFFCUT_API int offcut_call_attempts(const offcut_call *call);

/*
 * Ends a call with CANCELLED unless it has ended: it is not started any more, or its result is
 * dropped; a function that runs is not interrupted. When this returns the call has ended and the
 * library does not touch input and output again.
 */
OFFCUT_API void offcut_call_cancel(offcut_call *call);

/* Cancels the call if it has not ended and forgets it. NULL is allowed. */
OFFCUT_API void offcut_call_free(offcut_call *call);

/* One item of a map; laid out for bind(C). Zero what you do not use. */
typedef struct offcut_item {
    const void *input;
    void *output;
    uint32_t input_bytes;
    uint32_t output_capacity;
    uint32_t output_bytes; /* set: length of the result */
    int32_t status;        /* set: 0 or a negative status */
    int32_t attempts;      /* set */
    int32_t reserved;
} offcut_item;

/*
 * Calls a function once for each item and keeps all workers busy: short items are pipelined, long
 * ones go to whichever worker is free. Waits for all, at most timeout_ns; then the rest ends with
 * TIMED_OUT. Returns 0 when all items ended with OK, ITEMS_FAILED when some did not (see their
 * status), else another code.
 */
OFFCUT_API int offcut_map(offcut_pool *pool, int function, offcut_item *items, size_t count,
    int64_t timeout_ns, offcut_error *error);

/*
 * Ends all calls with CANCELLED, gives the workers back and ends the pool's threads. Blocks for a
 * moment. No other thread may use the pool any more; calls must still be freed. NULL is allowed.
 * Not from a callback.
 */
OFFCUT_API void offcut_pool_close(offcut_pool *pool);

/* --- how much to offload. No I/O, no clock, no thread; for one thread at a time. */

/*
 * What is known of some equal tasks before they are run: 0 where nothing is known, unless it says
 * otherwise. Nothing may be negative.
 */
typedef struct offcut_model {
    int64_t local_ns;   /* one task on one thread of this program; 0: learnt from the first one */
    int64_t remote_ns;  /* one task on one worker; 0: as long as here */
    int64_t latency_ns; /* round trip of an empty invocation */
    int64_t post_ns;    /* what handing over a task costs the thread that does it */
    int64_t input_bytes, output_bytes;                         /* of one task */
    int64_t input_bytes_per_second, output_bytes_per_second;   /* of all workers together; 0: no limit */
    int32_t workers;       /* that run tasks at once; 0: none, then nothing is sent */
    int32_t local_threads; /* of this program that compute tasks, at least 1 */
} offcut_model;

/* Nothing is known but how many workers and threads there are; posting is taken for 10 µs. */
OFFCUT_API void offcut_model_init(offcut_model *model, int32_t workers, int32_t local_threads);

/* A split: how many tasks to compute here and how many elsewhere, and when all are done. */
typedef struct offcut_plan {
    int64_t local_tasks, remote_tasks, ns;
} offcut_plan;

/*
 * The best split of so many tasks, if the model is right and says how long one takes here. With k
 * of n tasks here and m = n − k elsewhere, in ns:
 *
 *   local(k, m) = ⌈k / local_threads⌉ · local + m · post
 *   remote(m)   = latency + in + out + max(⌈m / workers⌉ · remote,
 *                                          remote + (m − 1) · max(in, out))
 *   in = input_bytes / input_bytes_per_second, out likewise
 *
 * The plan is the smallest k with remote(n − k) ≤ local(k): as much goes as can be back before the
 * work here ends. One task more goes where waiting for it ends sooner than computing it here, and
 * none where that is not faster than local(n, 0). The idea is from Copik et al., "Software Resource
 * Disaggregation for HPC with Serverless Computing", IPDPS 2024. Returns 0, or USAGE.
 */
OFFCUT_API int offcut_plan_split(
    const offcut_model *model, int64_t tasks, offcut_plan *plan, offcut_error *error);

/*
 * The same, while the tasks run: a planner says what a free thread does now, learns from what it
 * is told, and keeps the run within 1/64 of the time without workers. Handing over may cost that
 * much, and from then on only what results have saved: the posts, and whatever the program does
 * less than alone while tasks are out, for the library's threads may share its CPUs. Where local_ns
 * is 0, one task of 64 is computed first, or 2 ms of them. A thread with nothing left computes a
 * task again that is out rather than to wait, so that tasks must be idempotent; it waits only for a
 * result that should come before it could compute it. That is as good as the times given and
 * reported: local_ns and post_ns must be near the truth, or the first 0 and the second not below it.
 *
 *   begin: step = offcut_planner_next(…)
 *   COMPUTE    a task that nobody has begun, lost ones first; then offcut_planner_computed
 *   OFFLOAD    one that nobody has begun nor lost; then offcut_planner_offloaded or _lost
 *   TAKE_BACK  compute the task handed over last and drop its result; then offcut_planner_computed
 *   WAIT       for a result, at most until offcut_planner_wait_until_ns, and ask again
 *   DONE       nothing is left for this thread
 *
 * Each result of a task that was not taken back goes to offcut_planner_arrived, each failure of one
 * to offcut_planner_lost. Times are those of one monotonic clock.
 */
typedef struct offcut_planner offcut_planner;

enum offcut_step {
    OFFCUT_STEP_COMPUTE,
    OFFCUT_STEP_OFFLOAD,
    OFFCUT_STEP_TAKE_BACK,
    OFFCUT_STEP_WAIT,
    OFFCUT_STEP_DONE
};

/* One task that was handed over; keep it until its result is there. */
typedef struct offcut_ticket {
    int64_t posted_ns;
    int64_t model_ns;    /* when its result should be there by the model */
    int64_t expected_ns; /* the same, by what was seen of other results */
} offcut_ticket;

/* A run of so many tasks that begins now. NULL on error: USAGE, EXHAUSTED. */
OFFCUT_API offcut_planner *offcut_planner_new(
    const offcut_model *model, int64_t tasks, int64_t now_ns, offcut_error *error);

/* NULL is allowed. */
OFFCUT_API void offcut_planner_free(offcut_planner *planner);

/* What a free thread does now. last: the task handed over last of those that are out, or NULL. */
OFFCUT_API enum offcut_step offcut_planner_next(
    offcut_planner *planner, int64_t now_ns, const offcut_ticket *last);

/* Until when waiting for this result cannot make the program late. */
OFFCUT_API int64_t offcut_planner_wait_until_ns(const offcut_planner *planner, const offcut_ticket *last);

/* A task was computed here. */
OFFCUT_API void offcut_planner_computed(offcut_planner *planner, int64_t took_ns);

/* A task was handed over, which has taken so long. */
OFFCUT_API offcut_ticket offcut_planner_offloaded(
    offcut_planner *planner, int64_t now_ns, int64_t took_ns);

/* The result of a task is here. execution_ns: how long the worker ran, 0 if that is not known. */
OFFCUT_API void offcut_planner_arrived(
    offcut_planner *planner, const offcut_ticket *ticket, int64_t now_ns, int64_t execution_ns);

/* A task that was to be handed over, or was, has no result: it is to be computed here. */
OFFCUT_API void offcut_planner_lost(offcut_planner *planner);

/* There are now so many workers. */
OFFCUT_API void offcut_planner_workers(offcut_planner *planner, int32_t workers);

#ifdef __cplusplus
}
#endif

#endif
