package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guard of a whole daemon on a real node of a private Slurm. The job and a function on another
 * core write to one line of memory, which costs the job most of its speed on any machine, and
 * without a wait that the kernel could see: only the job's own counter tells.
 */
final class SlurmGuardTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final Duration START = Duration.ofSeconds(60);
    private static final long WINDOW_NANOS = 500_000_000;

    private static final int MOST_LOOKS = 10;

    /** Of its speed alone; above it the function does not get enough CPU to be in the way. */
    private static final double SLOWED = 0.8;

    /** Adds to a number that another process adds to as well, and to the job's counter if any. */
    private static final String PROGRAM =
            """
            #include <fcntl.h>
            #include <stdatomic.h>
            #include <stdint.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <sys/mman.h>
            #include <unistd.h>

            static _Atomic uint64_t *number(const char *path) {
                int file = open(path, O_RDWR);
                void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
                return file < 0 || at == MAP_FAILED ? NULL : at;
            }

            uint32_t contend(const void *in, uint32_t size, void *out) {
                _Atomic uint64_t *shared = number(SHARED);
                while (shared != NULL)
                    atomic_fetch_add(shared, 1);
                return 0;
            }

            int main(void) {
                const char *node = getenv("SLURMD_NODENAME"), *job = getenv("SLURM_JOB_ID");
                char path[256];
                snprintf(path, sizeof path, "/dev/shm/offcut-%s-progress/%s", node, job);
                _Atomic uint64_t *shared = number(SHARED), *progress = NULL;
                while ((progress = number(path)) == NULL)
                    usleep(10000);
                for (;;) {
                    for (int i = 0; i < 1000; i++)
                        atomic_fetch_add(shared, 1);
                    atomic_fetch_add(progress, 1);
                }
            }
            """;

    @TempDir Path root;

    private SlurmCluster cluster;
    private Site site;
    private LocalDaemon node;
    private OffcutClient client;
    private Path counter;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        assumeTrue(CPrograms.onPath("cc"), "needs a C compiler");
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs two CPUs");
        cluster = SlurmCluster.start(SlurmClusterConfig.realNodes(1, 2_000));
        assumeTrue(cluster.usesCgroups(), "needs control groups for jobs");
        site = new Site(root, "site");
        site.startScheduler();
        String name = cluster.nodeNames().getFirst();
        node =
                site.startNode(
                        name,
                        Map.of(
                                "slurm",
                                "on",
                                "slurmConf",
                                cluster.slurmConf().toString(),
                                "jobSocket",
                                site.dir().resolve("jobs.sock").toString(),
                                "maxSlowdown",
                                0.03));
        client =
                OffcutClient.connect(
                        ClientConfig.defaults()
                                .withSchedulerUrl(site.daemon("scheduler").uri().toString())
                                .withUser("guard"));
        Path job = build();
        String id = cluster.submit("-n1", "-c1", "--mem=500", "--wrap", "exec " + job);
        counter = Path.of("/dev/shm/offcut-" + name + "-progress", id);
    }

    @AfterEach
    void stop() {
        if (client != null) {
            client.close();
        }
        if (cluster != null) {
            cluster.run("scancel", "--full", "-u", System.getProperty("user.name"));
        }
        if (site != null) {
            site.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    /** Makes the job's program and pushes the function. @return the job's */
    private Path build() throws IOException, InterruptedException {
        Path shared = Files.write(site.dir().resolve("shared"), new byte[4096]);
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-rw-rw-"));
        Path source = Files.writeString(site.dir().resolve("contend.c"), PROGRAM);
        Path bundle = Files.createDirectories(site.dir().resolve("bundle"));
        Path job = site.dir().resolve("job");
        compile(shared, source, "-pie", job);
        compile(shared, source, "-shared", bundle.resolve("libcontend.so"));
        Files.writeString(
                bundle.resolve("offcut.yaml"),
                """
                name: contend
                functions:
                  - name: contend
                    kind: native
                    file: libcontend.so
                    symbol: contend
                """);
        assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
        return job;
    }

    private void compile(Path shared, Path source, String kind, Path result)
            throws IOException, InterruptedException {
        new CPrograms(root)
                .execute(
                        List.of(
                                "cc",
                                "-O2",
                                "-fPIC",
                                kind,
                                "-DSHARED=\"" + shared + "\"",
                                "-o",
                                result.toString(),
                                source.toString()));
    }

    private long count() throws IOException {
        return Files.exists(counter)
                ? ByteBuffer.wrap(Files.readAllBytes(counter))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong(0)
                : 0;
    }

    /** How fast the job is now. */
    private double perSecond() throws IOException {
        long count = count();
        long begun = System.nanoTime();
        await().atMost(START).until(() -> System.nanoTime() - begun > WINDOW_NANOS);
        return (count() - count) * 1e9 / (System.nanoTime() - begun);
    }

    private boolean logHas(String text) throws IOException {
        return node.log().contains(text);
    }

    @Test
    void withdrawsFunctionsThatSlowAJob() throws Exception {
        await("the job counts").atMost(START).until(() -> count() > 0);
        double alone = perSecond();
        try (WorkerPool pool = client.lease(LeaseOptions.of("contend/contend").queue(LIMIT))) {
            CompletableFuture<Result> call = pool.invokeAsync("contend", new byte[0]);
            await("a worker").atMost(START).until(() -> !leases().isEmpty());
            double beside = alone;
            for (int look = 0; look < MOST_LOOKS && beside > SLOWED * alone; look++) {
                beside = perSecond();
            }
            assumeTrue(beside <= SLOWED * alone, "needs two CPUs that others leave alone");

            await("they stand still")
                    .atMost(LIMIT)
                    .until(() -> logHas("less progress beside functions"));
            assertThat(node.log()).contains("bound 3.0 %): they stand still");
            await("they are withdrawn").atMost(LIMIT).until(() -> logHas(": withdrawn for 30 s"));
            await("no lease is left").atMost(START).until(() -> leases().isEmpty());
            JsonNode status = Site.nodeStatus(node);
            assertThat(status.path("guard")).hasSize(1);
            // Memory that no job holds stays.
            assertThat(status.path("offers")).allMatch(o -> o.path("cores").asText().isEmpty());
            assertThat(perSecond()).as("beside them %.0f", beside).isGreaterThan(beside / SLOWED);
            // It was not said to be idempotent.
            Result lost = call.get(START.toSeconds(), TimeUnit.SECONDS);
            assertThat(lost.status()).isEqualTo(InvocationStatus.REVOKED);
        }
    }

    private JsonNode leases() throws IOException {
        return Site.nodeStatus(node).path("leases");
    }
}
