package io.offcut.slurm;

import io.offcut.slurm.internal.event.EventRequest;
import io.offcut.slurm.internal.event.EventSocket;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of batch jobs on this node from the SPANK plugin, through a unix-domain socket of mode
 * 0600.
 *
 * <p><b>Protocol.</b> A stream socket. The client connects, sends one request line of ASCII words
 * separated by blanks, ended by a line feed, at most {@value EventRequest#MAX_LINE_BYTES} bytes;
 * the server sends one answer line, after {@code ALLOC} perhaps more, and closes. Words {@code
 * name=value} in brackets may be missing; those that are not named here are passed over.
 *
 * <pre>
 * request                                      answer
 * PING                                         OK
 * PROLOG jobid [cpus=n] [share=s]              OK        the cores it will likely have are free
 *                                              TIMEOUT   not in time; the daemon goes on freeing
 * ALLOC jobid step=t [cores=list] [mem_mib=n]  OK        the job's cores are free; then lines
 *     [uid=n] [share=s] [workers=n                       NAME=VALUE for the tasks' environment
 *     [worker_mem_mib=n] [function=f]          TIMEOUT   as above
 *     [node_id=n]]
 * STEP_END jobid step=t                        OK
 * EPILOG jobid                                 OK
 * any                                          ERROR why     refused: malformed, not permitted,
 *                                                            too busy, or a failure
 *
 * t  extern, batch, interactive or a number      list  Slurm's abstract cores, as 0-2,5
 * s  exclusive, share, share:cores or share:cores,mebibytes
 * </pre>
 *
 * <p>The job id is the decimal number in SLURM_JOB_ID. Whatever the answer, or if there is none, a
 * job must start: the client decides how long it waits.
 *
 * <p>Only root, the daemon's own user and the trusted users are heard; the kernel tells who is at
 * the other end. Line length, time and number of connections are bounded. Each connection has a
 * thread; {@link #close()} may be called by any thread.
 */
public final class JobEventServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobEventServer.class);
    private static final int BACKLOG = 128;
    private static final int REHEARSALS = 20;
    private static final List<String> REHEARSED =
            List.of(
                    "PROLOG 1 cpus=1 share=share:1,1",
                    "ALLOC 1 step=extern cores=0 mem_mib=1 uid=0",
                    "STEP_END 1 step=0",
                    "EPILOG 1");

    private final JobEventServerConfig config;
    private final JobEvents listener;
    private final ServerSocketChannel server;
    private final Set<UserPrincipal> trusted;
    private final Semaphore free;

    /** Not virtual ones: a job waits, and their carriers may all be busy or blocked. */
    private final ExecutorService threads =
            Executors.newCachedThreadPool(
                    Thread.ofPlatform().daemon().name("job-event-", 0).factory());

    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("job-events-clock").factory());

    private JobEventServer(
            JobEventServerConfig config,
            JobEvents listener,
            ServerSocketChannel server,
            Set<UserPrincipal> trusted) {
        this.config = config;
        this.listener = listener;
        this.server = server;
        this.trusted = trusted;
        this.free = new Semaphore(config.maxConnections());
    }

    /**
     * Binds the socket and begins to serve; returns at once.
     *
     * @throws io.offcut.core.OffcutException CONFLICT if another daemon serves the path, USAGE if
     *     the path cannot be a socket or a trusted user does not exist
     */
    public static JobEventServer start(JobEventServerConfig config, JobEvents listener) {
        Set<UserPrincipal> trusted = EventSocket.trusted(config.trustedUsers());
        ServerSocketChannel channel =
                EventSocket.bind(config.socketPath(), JobEventServerConfig.MAX_PATH_BYTES, BACKLOG);
        JobEventServer started = new JobEventServer(config, listener, channel, trusted);
        Thread.ofPlatform().daemon().name("job-events").start(started::acceptLoop);
        started.rehearse();
        LOG.info("listening for job events at {}", config.socketPath());
        return started;
    }

    // The first job must not wait while this process loads classes.
    private void rehearse() {
        try {
            for (int i = 0; i < REHEARSALS; i++) {
                try (SocketChannel channel =
                        SocketChannel.open(UnixDomainSocketAddress.of(config.socketPath()))) {
                    answer(channel, "PING");
                    int ignored = channel.read(ByteBuffer.allocate(EventRequest.MAX_LINE_BYTES));
                }
                REHEARSED.forEach(line -> LOG.trace("{}", EventRequest.parse(line)));
                // It gives its place back a little after its answer.
                if (!free.tryAcquire(config.maxConnections(), 100, TimeUnit.MILLISECONDS)) {
                    return;
                }
                free.release(config.maxConnections());
            }
        } catch (IOException e) {
            LOG.debug("no rehearsal: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where it listens. */
    public Path socketPath() {
        return config.socketPath();
    }

    /** Stops listening and removes the socket. Events already heard are finished. */
    @Override
    public void close() {
        try {
            if (server.isOpen()) {
                server.close();
                Files.deleteIfExists(config.socketPath());
            }
        } catch (IOException e) {
            LOG.warn("could not remove {} ({}): remove it by hand", config.socketPath(), e);
        }
        clock.shutdown();
        threads.shutdown();
    }

    private void acceptLoop() {
        while (server.isOpen()) {
            try {
                SocketChannel channel = server.accept();
                begin(() -> serve(channel), channel);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.warn(
                        "cannot accept a job event ({}): check the limits on open files and threads",
                        e + "");
                pause();
            }
        }
    }

    // Where no more threads can be had, later jobs must be heard all the same.
    private void begin(Runnable service, SocketChannel channel) throws IOException {
        try {
            threads.execute(service);
        } catch (OutOfMemoryError e) {
            channel.close();
            listener.eventLost();
            throw new IOException("no thread for it", e);
        }
    }

    /** Keeps a lasting error, such as too many open files, from taking a whole core. */
    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel channel) {
        boolean admitted = free.tryAcquire();
        boolean handedOver = false;
        try (channel) {
            if (!trusted.contains(EventSocket.peer(channel))) {
                LOG.warn("refused a job event of user {}", EventSocket.peer(channel).getName());
                answer(channel, "ERROR not permitted");
            } else if (!admitted) {
                LOG.warn("refused a job event: {} are being served", config.maxConnections());
                listener.eventLost();
                answer(channel, "ERROR busy");
            } else {
                EventRequest request = read(channel);
                handedOver = true;
                answer(channel, outcome(request));
            }
        } catch (IOException e) {
            LOG.debug("a job event connection broke: {}", e.toString());
            if (admitted && !handedOver) {
                listener.eventLost();
            }
        } finally {
            if (admitted && !handedOver) {
                free.release();
            }
        }
    }

    private EventRequest read(SocketChannel channel) throws IOException {
        ScheduledFuture<?> limit = closeAfter(channel, config.requestTimeout().toMillis());
        try {
            ByteBuffer line = ByteBuffer.allocate(EventRequest.MAX_LINE_BYTES);
            while (line.hasRemaining() && channel.read(line) >= 0) {
                String text =
                        new String(line.array(), 0, line.position(), StandardCharsets.US_ASCII);
                int end = text.indexOf('\n');
                if (end >= 0) {
                    return EventRequest.parse(text.substring(0, end));
                }
            }
            return new EventRequest.Malformed(
                    line.hasRemaining() ? "incomplete line" : "line too long");
        } finally {
            limit.cancel(false);
        }
    }

    private ScheduledFuture<?> closeAfter(SocketChannel channel, long millis) {
        return clock.schedule(
                () -> {
                    try {
                        channel.close();
                    } catch (IOException e) {
                        LOG.debug("closing a slow connection: {}", e.toString());
                    }
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    /** Has the listener act and gives its permit back when it has finished, not when it is late. */
    private String outcome(EventRequest request) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Runnable service =
                () -> {
                    try {
                        answer.complete(act(request));
                    } catch (Throwable e) {
                        listener.eventLost();
                        answer.completeExceptionally(e);
                    } finally {
                        free.release();
                    }
                };
        try {
            threads.execute(service);
        } catch (OutOfMemoryError e) {
            free.release();
            listener.eventLost();
            return "ERROR no thread for it";
        }
        try {
            return answer.get(config.answerTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.warn("{} was not done within {}", request, config.answerTimeout());
            return "TIMEOUT";
        } catch (ExecutionException e) {
            LOG.warn("{} failed", request, e.getCause());
            return "ERROR failed, see the log of the node daemon";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "ERROR stopping";
        }
    }

    private String act(EventRequest request) throws InterruptedException {
        return switch (request) {
            case EventRequest.Ping() -> "OK";
            case EventRequest.Prolog(JobStart start) ->
                    listener.jobStarting(start) ? "OK" : "TIMEOUT";
            case EventRequest.Alloc(JobAllocation allocation) -> {
                JobEvents.Allocated allocated = listener.jobAllocated(allocation);
                String status = allocated.free() ? "OK" : "TIMEOUT";
                yield Stream.concat(Stream.of(status), allocated.environment().stream())
                        .collect(Collectors.joining("\n"));
            }
            case EventRequest.StepEnd(String jobId, String step) -> {
                listener.stepEnded(jobId, step);
                yield "OK";
            }
            case EventRequest.Epilog(String jobId) -> {
                listener.jobEnded(jobId);
                yield "OK";
            }
            case EventRequest.Malformed(String why) -> "ERROR " + why;
        };
    }

    private void answer(SocketChannel channel, String line) throws IOException {
        ScheduledFuture<?> limit = closeAfter(channel, config.requestTimeout().toMillis());
        try {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } finally {
            limit.cancel(false);
        }
    }
}
