package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.executor.InvocationChannel;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Executors that are started before there is a lease for them: real daemons, real processes. */
class ParkedExecutorsTest {
    private static final long MIB = 1 << 20;

    private TestNode node;

    @BeforeEach
    void make() throws Exception {
        node = new TestNode();
        node.config.put("prewarmedExecutors", 1);
    }

    @AfterEach
    void nothingIsLeftOver() throws Exception {
        node.close();
        await().atMost(TestNode.PATIENCE)
                .untilAsserted(() -> assertThat(node.leftOvers()).isEmpty());
        assertThat(parked(ProcessHandle.current().pid())).isEmpty();
    }

    @Test
    void aLeaseGetsOneThatWaitedAndTheNextWaitsSoon() throws Exception {
        node.start().awaitOffered("0");
        long daemon = ProcessHandle.current().pid();
        long waiting = awaitParked(daemon).pid();

        OpenedLease opened = node.open(node.terms("L1", "0"), "shm");

        NodeStatus.Lease lease = node.lease("L1");
        assertThat(lease.pid()).isEqualTo(waiting);
        assertThat(CpuAffinity.ofProcess(waiting)).isEqualTo(CpuSet.of(0));
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "hello")).isEqualTo("hello");
        }
        await().atMost(TestNode.PATIENCE)
                .until(() -> parked(daemon).stream().anyMatch(next -> next.pid() != waiting));
    }

    @Test
    void theyEndWithADaemonThatIsKilled() throws Exception {
        Process daemon = node.startProcess().process();
        node.awaitOffered("0");
        ProcessRef waiting = awaitParked(daemon.pid());

        node.killProcess();

        await().atMost(TestNode.PATIENCE).until(() -> !waiting.isAlive());
        node.startProcess();
    }

    @Test
    void noneIsStartedWhereNoneIsWanted() throws Exception {
        node.config.put("prewarmedExecutors", 0);
        node.start().awaitOffered("0");
        node.open(node.terms("L1", "0"), "shm");
        assertThat(parked(ProcessHandle.current().pid())).isEmpty();
        assertThat(node.lease("L1").phase()).isEqualTo("RUNNING");
    }

    @Test
    void theyGiveTheirMemoryToALeaseAndComeBackAfterIt() throws Exception {
        node.config.put("memoryBytes", 300 * MIB);
        node.start().awaitOffered("0");
        long daemon = ProcessHandle.current().pid();
        ProcessRef waiting = awaitParked(daemon);

        LeaseTerms large = terms("L1", 200 * MIB);
        OpenedLease opened = node.open(large, "shm");

        long leased = node.lease("L1").pid();
        assertThat(leased).isEqualTo(waiting.pid());
        await().atMost(TestNode.PATIENCE)
                .until(() -> parked(daemon).stream().noneMatch(other -> other.pid() != leased));
        try (InvocationChannel channel = TestNode.connect(opened.channels().getFirst())) {
            assertThat(TestNode.echo(channel, "hello")).isEqualTo("hello");
        }
        assertThat(node.send("DELETE", "/v1/leases/L1", null, node.token(large)).statusCode())
                .isEqualTo(204);
        await().atMost(TestNode.PATIENCE)
                .until(() -> parked(daemon).stream().anyMatch(next -> next.pid() != leased));
    }

    private LeaseTerms terms(String leaseId, long memoryBytes) {
        LeaseTerms small = node.terms(leaseId, "0");
        return new LeaseTerms(
                leaseId,
                small.requestId(),
                small.user(),
                small.nodeName(),
                small.offerId(),
                small.bundle(),
                small.cores(),
                memoryBytes,
                small.payloadBytes(),
                small.hotTimeoutMicros(),
                small.expiresAtEpochMillis());
    }

    private static ProcessRef awaitParked(long daemon) {
        return await().atMost(TestNode.PATIENCE)
                .until(() -> parked(daemon), waiting -> !waiting.isEmpty())
                .getFirst();
    }

    private static List<ProcessRef> parked(long daemon) {
        return ProcessTree.descendants(daemon).stream()
                .filter(process -> commandLine(process).contains("--rehearse"))
                // The archive of classes is made by one, too.
                .filter(process -> !commandLine(process).contains("AOTCacheOutput"))
                .toList();
    }

    private static String commandLine(ProcessRef process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException e) {
            return "";
        }
    }
}
