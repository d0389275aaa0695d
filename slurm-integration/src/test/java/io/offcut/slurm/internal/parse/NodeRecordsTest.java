package io.offcut.slurm.internal.parse;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SlurmNode.Availability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeRecordsTest {
    private static SlurmNode parse(String state, String tail) {
        return requireNonNull(
                NodeRecords.parseLine(
                        "NodeName=n2 Arch=x86_64 CoresPerSocket=1  CPUAlloc=3 CPUEfctv=8 CPUTot=8"
                                + " CPULoad=0.16 Gres=(null) NodeAddr=127.0.0.1 Version=22.05.8"
                                + " OS=Linux 6.1 #1 SMP  RealMemory=16000 AllocMem=300 FreeMem=9"
                                + " Sockets=8 Boards=1 State="
                                + state
                                + " ThreadsPerCore=1 Partitions=batch,long  CfgTRES=cpu=8"
                                + " AllocTRES=cpu=3,mem=300M"
                                + tail));
    }

    @Test
    void readsANode() {
        SlurmNode node = parse("MIXED+DRAIN", " Reason=bad fan, Key=x [root@2026-11-23T07:03:56]");

        assertThat(node.name()).isEqualTo("n2");
        assertThat(node.state()).isEqualTo(SlurmNode.State.MIXED);
        assertThat(node.flags()).containsExactly("DRAIN");
        assertThat(node.cpus()).isEqualTo(8);
        assertThat(node.allocatedCpus()).isEqualTo(3);
        assertThat(node.memoryBytes()).isEqualTo(16000L << 20);
        assertThat(node.allocatedMemoryBytes()).isEqualTo(300L << 20);
        assertThat(node.partitions()).containsExactly("batch", "long");
        assertThat(node.gpus()).isZero();
        assertThat(node.reason()).isEqualTo("bad fan, Key=x [root@2026-11-23T07:03:56]");
    }

    @Test
    void endsTheReasonWhereACommentBegins() {
        assertThat(parse("IDLE", " Reason=why not Comment=else").reason()).isEqualTo("why not");
        assertThat(parse("IDLE", "").reason()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "IDLE, AVAILABLE",
        "MIXED, AVAILABLE",
        "ALLOCATED, AVAILABLE",
        "IDLE+CLOUD, AVAILABLE",
        "IDLE+PLANNED, AVAILABLE",
        "IDLE-, AVAILABLE",
        "MIXED+COMPLETING, AVAILABLE",
        "IDLE+RESERVED, AVAILABLE",
        "IDLE+DRAIN, DRAINED",
        "ALLOCATED+DRAIN, DRAINED",
        "IDLE+MAINT, DRAINED",
        "IDLE$, DRAINED",
        "IDLE@, DRAINED",
        "IDLE+FAIL, DRAINED",
        "IDLE*, SILENT",
        "IDLE*+DRAIN, DRAINED",
        "MIXED+NOT_RESPONDING, SILENT",
        "IDLE+DRAIN+NOT_RESPONDING, DRAINED",
        "DOWN, DOWN",
        "DOWN*+DRAIN, DOWN",
        "IDLE~, DOWN",
        "IDLE+CLOUD+POWERED_DOWN, DOWN",
        "IDLE#, DOWN",
        "IDLE^, DOWN",
        "ERROR, DOWN",
        "FUTURE, DOWN",
        "UNKNOWN, DOWN",
        "SOMETHING_NEW, DOWN",
    })
    void tellsWhetherWorkMayGoThere(String state, Availability availability) {
        assertThat(parse(state, "").availability()).isEqualTo(availability);
    }

    @Test
    void passesOverLinesThatAreNoRecords() {
        assertThat(NodeRecords.parseLine("Node n99 not found")).isNull();
        assertThat(NodeRecords.parseLine("NodeName= State=IDLE")).isNull();
    }
}
