package io.offcut.benchmarks;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.HdrHistogram.Histogram;

/**
 * A real scheduler in a process of its own, a real link for each node, and one client that asks for
 * workers over HTTP, one request after the other, beside a bare request in the same run.
 */
final class LinkBenchmark {
    private static final int OTHER_DESCRIPTORS = 200;
    private static final long CONNECT_SECONDS = 120;
    private static final int WARM_UP_CALLS_PER_SECOND = 100;
    private static final long HIGHEST_NANOS = 60_000_000_000L;

    private final GrantOptions options;
    private final HttpClient client = HttpClient.newHttpClient();
    private final Histogram grants = new Histogram(HIGHEST_NANOS, 3);
    private final Histogram bare = new Histogram(HIGHEST_NANOS, 3);
    private String bundle = "";

    private LinkBenchmark(GrantOptions options) {
        this.options = options;
    }

    /**
     * Runs it.
     *
     * @throws IllegalStateException in one line, if this machine cannot
     */
    static LinkResult run(GrantOptions options) throws IOException, InterruptedException {
        requireDescriptors(options.nodes() + OTHER_DESCRIPTORS);
        Path folder = Files.createTempDirectory("offcut-links");
        try (SchedulerProcess scheduler = SchedulerProcess.start(folder);
                NodeLinks links = new NodeLinks(scheduler.uri(), options.nodes(), options.seed())) {
            return new LinkBenchmark(options).measure(scheduler, links);
        } finally {
            delete(folder);
        }
    }

    private static void requireDescriptors(int count) {
        long limit =
                ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os
                        ? os.getMaxFileDescriptorCount()
                        : Long.MAX_VALUE;
        if (limit < count) {
            throw new IllegalStateException(
                    "needs "
                            + count
                            + " file descriptors, the limit is "
                            + limit
                            + "; run: ulimit -n "
                            + count
                            + ", or use fewer --nodes");
        }
    }

    private LinkResult measure(SchedulerProcess scheduler, NodeLinks links)
            throws IOException, InterruptedException {
        awaitNodes(scheduler.uri(), links);
        bundle = push(scheduler.uri());
        call(scheduler.uri(), (long) WARM_UP_CALLS_PER_SECOND * options.seconds(), Long.MAX_VALUE);
        grants.reset();
        bare.reset();

        Span quiet = new Span(scheduler, links);
        Thread.sleep(Duration.ofSeconds(options.seconds()));
        double quietShare = quiet.coreShare();
        GrantTimes before = GrantTimes.parse(metrics(scheduler.uri()));
        Span busy = new Span(scheduler, links);
        call(
                scheduler.uri(),
                Long.MAX_VALUE,
                System.nanoTime() + Duration.ofSeconds(options.seconds()).toNanos());
        double beatsPerSecond = busy.beatsPerSecond();
        double busyShare = busy.coreShare();
        GrantTimes core = GrantTimes.parse(metrics(scheduler.uri())).minus(before);
        return new LinkResult(
                options.nodes(),
                links.connected(),
                options.seconds(),
                beatsPerSecond,
                quietShare,
                busyShare,
                LinkResult.Row.of("POST /v1/leases, granted", grants),
                LinkResult.Row.of("GET /healthz, bare", bare),
                core.count(),
                core.percentileNanos(0.5),
                core.percentileNanos(0.99),
                scheduler.heapBytes());
    }

    /** What the scheduler and the links did in a stretch of time. */
    private static final class Span {
        private final SchedulerProcess scheduler;
        private final NodeLinks links;
        private final long startNanos = System.nanoTime();
        private final long startCpuNanos;
        private final long startBeats;

        Span(SchedulerProcess scheduler, NodeLinks links) throws IOException {
            this.scheduler = scheduler;
            this.links = links;
            this.startCpuNanos = scheduler.cpuNanos();
            this.startBeats = links.beats();
        }

        private double elapsedNanos() {
            return System.nanoTime() - startNanos;
        }

        double coreShare() throws IOException {
            return (scheduler.cpuNanos() - startCpuNanos) / elapsedNanos();
        }

        double beatsPerSecond() {
            return (links.beats() - startBeats) / elapsedNanos() * 1e9;
        }
    }

    private void awaitNodes(URI uri, NodeLinks links) throws IOException, InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(CONNECT_SECONDS).toNanos();
        String up = "offcut_nodes{state=\"UP\",} " + (double) options.nodes();
        while (links.connected() < options.nodes() || !upNodes(metrics(uri)).equals(up)) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(
                        links.connected()
                                + " of "
                                + options.nodes()
                                + " links stand after "
                                + CONNECT_SECONDS
                                + " s; use fewer --nodes");
            }
            Thread.sleep(200);
        }
    }

    private static String upNodes(String metrics) {
        return metrics.lines()
                .filter(line -> line.startsWith("offcut_nodes{state=\"UP\""))
                .map(line ->
                        line.replaceFirst(" .*", " " + Double.parseDouble(line.split(" ", 2)[1])))
                .findFirst()
                .orElse("");
    }

    private void call(URI uri, long calls, long endNanos) throws IOException, InterruptedException {
        byte[] wish = ("{\"bundle\":\"" + bundle + "\"}").getBytes(StandardCharsets.UTF_8);
        for (long i = 0; i < calls && System.nanoTime() < endNanos; i++) {
            HttpResponse<String> granted = timed(grants, request(uri, "POST", "/v1/leases", wish));
            require(granted, 201);
            require(timed(bare, request(uri, "GET", "/healthz", new byte[0])), 200);
            String id = granted.body().replaceFirst("^\\{\"requestId\":\"(\\w+)\".*", "$1");
            require(send(request(uri, "DELETE", "/v1/leases/" + id, new byte[0])), 200);
        }
    }

    private HttpResponse<String> timed(Histogram times, HttpRequest request)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        HttpResponse<String> answer = send(request);
        times.recordValue(Math.min(System.nanoTime() - start, HIGHEST_NANOS));
        return answer;
    }

    private HttpResponse<String> send(HttpRequest request)
            throws IOException, InterruptedException {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest request(URI uri, String method, String path, byte[] body) {
        return HttpRequest.newBuilder(uri.resolve(path))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(Duration.ofSeconds(60))
                .method(
                        method,
                        body.length == 0
                                ? BodyPublishers.noBody()
                                : BodyPublishers.ofByteArray(body))
                .build();
    }

    private static void require(HttpResponse<String> answer, int status) {
        if (answer.statusCode() != status) {
            throw new IllegalStateException(
                    answer.request().method()
                            + " "
                            + answer.uri().getPath()
                            + " answered "
                            + answer.statusCode()
                            + ": "
                            + answer.body());
        }
    }

    private String metrics(URI uri) throws IOException, InterruptedException {
        return send(request(uri, "GET", "/metrics", new byte[0])).body();
    }

    private String push(URI uri) throws IOException, InterruptedException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("offcut.yaml"));
            zip.write(
                    "name: bench\nfunctions:\n  - {name: cat, kind: command, command: [cat]}\n"
                            .getBytes(StandardCharsets.UTF_8));
        }
        require(send(request(uri, "PUT", "/v1/functions", bytes.toByteArray())), 201);
        return "bench";
    }

    private static void delete(Path folder) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(folder)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
