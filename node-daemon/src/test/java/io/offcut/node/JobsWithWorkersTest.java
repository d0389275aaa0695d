package io.offcut.node;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.node.internal.store.Folders;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a daemon does for jobs with {@code --offcut-workers}; the test says what Slurm would. */
class JobsWithWorkersTest {
    private TestNode node;
    private TestScheduler scheduler;

    @BeforeEach
    void start() throws Exception {
        node = new TestNode();
        scheduler = new TestScheduler(node.dir.resolve("scheduler"));
        Folders.delete(node.dir.resolve("state"));
        scheduler.push(node.dir.resolve("bundle.zip"));
        node.config.put("schedulerUrl", scheduler.url());
        node.config.put("cpus", "0-3");
        node.config.put("cpuMap", "0-3=0");
        node.config.put("slurm", "on");
        node.config.put("slurmConf", node.dir.resolve("none.conf").toString());
        node.config.put("jobSocket", socket().toString());
        node.start();
    }

    @AfterEach
    void stop() {
        node.close();
        scheduler.close();
    }

    private Path socket() {
        return node.dir.resolve("jobs.sock");
    }

    private List<String> say(String line) throws Exception {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket()));
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (channel.read(answer) >= 0) {
                assertThat(answer.hasRemaining()).isTrue();
            }
            return new String(answer.array(), 0, answer.position(), US_ASCII).lines().toList();
        }
    }

    /** A step of a job of root's on core 0, that wants two workers. */
    private List<String> allocate(String job, String step, String more) throws Exception {
        return say("ALLOC " + job + " step=" + step + " cores=0 mem_mib=100 uid=0 " + more);
    }

    private String wish(int nodeIndex) {
        return "workers=2 worker_mem_mib=64 function=" + node.bundle + "/echo node_id=" + nodeIndex;
    }

    private RequestView awaitRequest() {
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(scheduler.requests()).hasSize(1));
        try {
            return scheduler.requests().getFirst();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void awaitEnd(String requestId) {
        Awaitility.await()
                .atMost(TestNode.PATIENCE)
                .until(() -> scheduler.request(requestId).endReason() == EndReason.RELEASED);
    }

    @Test
    void itsRequestIsPlacedAtTheStartAndReleasedAtTheEnd() throws Exception {
        allocate("7", "extern", "");
        assertThat(allocate("7", "batch", wish(0)))
                .containsExactly("OK", "OFFCUT_SCHEDULER_URL=" + scheduler.url(), "OFFCUT_JOB=7");
        RequestView placed = awaitRequest();
        assertThat(placed.user()).isEqualTo("root");
        assertThat(placed.bundle()).isEqualTo(node.bundle);
        assertThat(placed.workers()).isEqualTo(2);
        assertThat(allocate("7", "0", wish(0))).hasSize(3);
        say("STEP_END 7 step=0");
        assertThat(say("EPILOG 7")).containsExactly("OK");
        awaitEnd(placed.requestId());
        assertThat(scheduler.requests()).isEmpty();
    }

    @Test
    void aJobThatWantsNoneIsNotSpokenOf() throws Exception {
        assertThat(allocate("6", "batch", "")).containsExactly("OK");
        assertThat(allocate("8", "batch", wish(1))).hasSize(3);
        allocate("7", "batch", wish(0));
        assertThat(awaitRequest().workers()).isEqualTo(2);
    }

    /** The job does not wait for the scheduler, and gets its workers when that is back. */
    @Test
    void isAnnouncedWhenTheSchedulerComesBack() throws Exception {
        String url = scheduler.url();
        scheduler.stop();
        assertThat(allocate("7", "batch", wish(0))).hasSize(3).first().isEqualTo("OK");
        scheduler.startAgain(url);
        assertThat(awaitRequest().workers()).isEqualTo(2);
    }

    @Test
    void aJobThatRunsAgainIsAnnouncedAgain() throws Exception {
        allocate("7", "batch", wish(0));
        String first = awaitRequest().requestId();
        say("EPILOG 7");
        allocate("7", "batch", wish(0));
        awaitEnd(first);
        assertThat(awaitRequest().requestId()).isNotEqualTo(first);
    }

    @Test
    void aUserWithoutANameIsNotAnnouncedAndItsJobStarts() throws Exception {
        String nobody =
                "ALLOC 5 step=batch cores=1 mem_mib=100 uid=2000000001 workers=1 function="
                        + node.bundle
                        + " node_id=0";
        assertThat(say(nobody)).hasSize(3);
        allocate("7", "batch", wish(0));
        assertThat(awaitRequest().user()).isEqualTo("root");
        assertThat(say("EPILOG 5")).containsExactly("OK");
    }
}
