package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.client.OffcutClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The C client's calls over RDMA, within {@link RdmaInGuest}, whose scheduler and node it uses. Its
 * programs are built outside, where that takes a tenth of the time.
 */
final class CClientInGuest {
    /** Where {@link #prepare} has put the programs; the guest sees the folder too. */
    private static final String FOLDER = "OFFCUT_C_PROGRAMS";

    private static final Path HEADER = Path.of("/usr/include/rdma/rdma_cma.h");
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private CClientInGuest() {}

    /**
     * Builds the programs and what they call.
     *
     * @return what the test in the guest needs in its environment
     */
    static String prepare(Path dir) throws Exception {
        if (!CPrograms.onPath("make") || !CPrograms.onPath("cc") || !Files.exists(HEADER)) {
            return FOLDER + "=";
        }
        CPrograms programs = new CPrograms(dir);
        programs.make("VERBS=yes", "sanitized");
        Path ignored = programs.bundle();
        return FOLDER + "=" + dir;
    }

    /** What was built; skips the test by name where it could not be. */
    static CPrograms programs() {
        String folder = System.getenv(FOLDER);
        assumeThat(folder).as("needs make, a C compiler and librdmacm-dev").isNotEmpty();
        return new CPrograms(Path.of(folder));
    }

    static void calls(
            CPrograms programs, OffcutClient client, String schedulerUrl, Process node, Path dir)
            throws Exception {
        client.push(
                BundleArchive.pack(
                                programs.bundleFolder(), dir.resolve("c.zip"), BundleLimits.DEFAULT)
                        .file());
        Map<String, String> environment =
                Map.of("OFFCUT_SCHEDULER_URL", schedulerUrl, "OFFCUT_TRANSPORTS", "verbs");
        String slots = programs.sanitized("slots").toString();
        List<String> echo = List.of(slots, "-n", "500", "-b", "4096", "blackscholes/echo");
        try (Program program = Program.start(dir, environment, echo)) {
            assertThat(program.await(LIMIT)).as(program.said()).isZero();
            assertThat(program.said()).contains("500 numbers over verbs through", "sum 124750");
        }
        resultsStayRightWhenItsExecutorIsKilled(programs, environment, node, dir);
    }

    private static void resultsStayRightWhenItsExecutorIsKilled(
            CPrograms programs, Map<String, String> environment, Process node, Path dir)
            throws Exception {
        String price = programs.sanitized("price").toString();
        List<String> command = List.of(price, "-n", "500", "-s", "10");
        try (Program program = Program.start(dir, environment, command)) {
            await("invocations")
                    .atMost(LIMIT)
                    .until(() ->
                            program.said().contains("first round done")
                                    || !program.process().isAlive());
            node.descendants().forEach(ProcessHandle::destroyForcibly);
            assertThat(program.await(LIMIT)).as(program.said()).isZero();
            assertThat(program.said()).containsPattern(", 0 wrong, [1-9]\\d* retries");
        }
    }
}
