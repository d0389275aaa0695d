package io.offcut.node.internal.link;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.api.JobAnnouncement;
import io.offcut.core.api.JobView;
import io.offcut.linux.HostId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the scheduler of jobs here that want workers: when they start, every minute while they run,
 * and when they have ended. Each job has a virtual thread, so that nothing else waits for the
 * scheduler; while that is away it is tried again with growing pauses.
 *
 * <p>A daemon that stops, or is killed, tells nothing: the job goes on, and the scheduler forgets
 * it by itself. Safe for any thread; no method blocks.
 */
public final class JobAnnouncer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(JobAnnouncer.class);
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long MAX_PAUSE_MILLIS = 10_000;
    private static final long RENEWAL_MILLIS = 60_000;
    private static final int MAX_SAID_CHARS = 200;

    /** By then the scheduler has forgotten the job, and its clients' leases have expired. */
    private static final long MAX_ENDING_NANOS = TimeUnit.MINUTES.toNanos(5);

    /**
     * What a job wants.
     *
     * @param uid user number of its owner
     * @param memoryBytes of each worker; 0 for the usual
     * @param function {@code bundle/function}, or a bundle; empty: its programs ask by themselves
     */
    public record Wish(int uid, int workers, long memoryBytes, String function) {}

    private final String node;
    private final String jobsUrl;
    private final String secret;
    private final long renewalMillis;
    private final Map<String, Job> jobs = new ConcurrentHashMap<>();
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final HttpClient http =
            HttpClient.newBuilder()
                    .connectTimeout(CONNECT)
                    .executor((Executor) Thread::startVirtualThread)
                    .build();
    private volatile boolean closed;

    /**
     * @param secret what nodes show to the scheduler; empty for none
     */
    public JobAnnouncer(String node, String schedulerUrl, String secret) {
        this(node, schedulerUrl, secret, RENEWAL_MILLIS);
    }

    JobAnnouncer(String node, String schedulerUrl, String secret, long renewalMillis) {
        this.node = node;
        this.renewalMillis = renewalMillis;
        this.jobsUrl = schedulerUrl.replaceFirst("/+$", "") + "/v1/jobs/";
        this.secret = secret;
    }

    /** The job has started here. Saying it again, for each step for example, changes nothing. */
    public void started(String jobId, Wish wish) {
        jobs.compute(
                jobId,
                (id, known) -> {
                    if (closed || (known != null && known.over.getCount() > 0)) {
                        return known;
                    }
                    Job job = new Job(id, wish, known);
                    job.thread.start();
                    return job;
                });
    }

    /** The job has ended here; of one that is not known nothing is said. */
    public void ended(String jobId) {
        Job job = jobs.get(jobId);
        if (job != null) {
            job.over.countDown();
        }
    }

    /** All jobs but those that still run have ended here. */
    public void onlyRunning(Predicate<String> running) {
        jobs.keySet().stream().filter(running.negate()).forEach(this::ended);
    }

    /** Tells nothing more. */
    @Override
    public void close() {
        closed = true;
        jobs.values().forEach(job -> job.thread.interrupt());
        http.shutdownNow();
    }

    private final class Job {
        private final String jobId;
        private final Wish wish;
        private final @Nullable Job before;
        private final CountDownLatch over = new CountDownLatch(1);
        private final Thread thread = Thread.ofVirtual().name("job-announcer").unstarted(this::run);
        private @Nullable String user;
        private List<String> requestIds = List.of();
        private boolean told;
        private boolean complained;

        /**
         * @param before an earlier run of the same job, of which the end is still to be told
         */
        Job(String jobId, Wish wish, @Nullable Job before) {
            this.jobId = jobId;
            this.wish = wish;
            this.before = before;
        }

        private void run() {
            try {
                if (before != null) {
                    before.thread.join();
                }
                whileItRuns();
                if (told) {
                    afterItsEnd();
                }
            } catch (InterruptedException e) {
                log.debug("no more is told of job {}", jobId);
            } finally {
                jobs.remove(jobId, this);
            }
        }

        private void whileItRuns() throws InterruptedException {
            long pauseMillis = 0;
            long nextFailedMillis = FIRST_PAUSE_MILLIS;
            while (!over.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                if (announce()) {
                    pauseMillis = renewalMillis;
                    nextFailedMillis = FIRST_PAUSE_MILLIS;
                } else {
                    pauseMillis = nextFailedMillis;
                    nextFailedMillis = longer(pauseMillis);
                }
            }
        }

        private static long longer(long pauseMillis) {
            return Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
        }

        private void afterItsEnd() throws InterruptedException {
            long begunNanos = System.nanoTime();
            long pauseMillis = FIRST_PAUSE_MILLIS;
            while (send("DELETE", HttpRequest.BodyPublishers.noBody()) == null
                    && System.nanoTime() - begunNanos < MAX_ENDING_NANOS) {
                TimeUnit.MILLISECONDS.sleep(pauseMillis);
                pauseMillis = longer(pauseMillis);
            }
        }

        private boolean announce() throws InterruptedException {
            String name = user == null ? UserName.of(wish.uid()).orElse(null) : user;
            user = name;
            if (name == null) {
                complain("user number " + wish.uid() + " has no name here");
                return false;
            }
            String bundle = wish.function().replaceFirst("/.*", "");
            JobAnnouncement announcement =
                    new JobAnnouncement(
                            name,
                            HostId.current(),
                            wish.workers(),
                            wish.memoryBytes(),
                            bundle.isEmpty() ? null : bundle,
                            requestIds);
            told = true;
            try {
                byte[] body = json.writeValueAsBytes(announcement);
                String answer = send("PUT", HttpRequest.BodyPublishers.ofByteArray(body));
                if (answer == null) {
                    return false;
                }
                requestIds = json.readValue(answer, JobView.class).requestIds();
                return true;
            } catch (JsonProcessingException e) {
                complain("the scheduler's answer is not understood");
                return false;
            }
        }

        /** The body of a good answer; null, and it is logged, if there is none. */
        private @Nullable String send(String method, HttpRequest.BodyPublisher body)
                throws InterruptedException {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(URI.create(jobsUrl + jobId + "/nodes/" + node))
                            .timeout(ANSWER)
                            .method(method, body);
            if (!secret.isEmpty()) {
                request.header("Authorization", "Bearer " + secret);
            }
            try {
                HttpResponse<String> answer =
                        http.send(request.build(), HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() / 100 == 2) {
                    complained = false;
                    return answer.body();
                }
                complain("the scheduler answered HTTP " + answer.statusCode() + " " + said(answer));
            } catch (IOException e) {
                complain("the scheduler does not answer");
            }
            return null;
        }

        private static String said(HttpResponse<String> answer) {
            String text = answer.body().replaceAll("\\p{Cntrl}+", " ");
            return text.substring(0, Math.min(MAX_SAID_CHARS, text.length()));
        }

        // One warning each time it begins to fail, however often it is tried.
        private void complain(String why) {
            if (!complained && !closed) {
                complained = true;
                log.warn("job {} wants workers: {}; trying again", jobId, why);
            }
        }
    }
}
