package io.offcut.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.NodeClass;
import io.offcut.simulator.Outage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodesFileTest {
    @TempDir private Path folder;

    @Test
    void readsNodesAndOutages() throws IOException {
        ClusterSpec spec =
                read(
                        """
                        nodes:
                          - {names: "n[1-3]", cores: 4, memoryMib: 1024}
                          - {names: "big", cores: 8, memoryMib: 4096}
                        outages:
                          - {nodes: "n2,big", from: 10, to: 20, kind: drain}
                        """);

        assertThat(spec.classes())
                .containsExactly(
                        new NodeClass("n[1-3]", 3, 4, 1L << 30),
                        new NodeClass("big", 1, 8, 4L << 30));
        assertThat(spec.outages())
                .containsExactly(
                        new Outage(1, 10, 20, Outage.Kind.DRAIN),
                        new Outage(3, 10, 20, Outage.Kind.DRAIN));
        assertThat(spec.cores()).isEqualTo(20);
        assertThat(spec.nodeNames()).containsExactly("n1", "n2", "n3", "big");
    }

    @Test
    void readsJsonToo() throws IOException {
        assertThat(
                        read("{\"nodes\": [{\"names\": \"a\", \"cores\": 2, \"memoryMib\": 1}]}")
                                .cores())
                .isEqualTo(2);
    }

    @Test
    void readsTheNodesOfASlurmConf() throws IOException {
        ClusterSpec spec =
                read(
                        """
                        ClusterName=x
                        NodeName=DEFAULT RealMemory=2048 Sockets=2 CoresPerSocket=16 # two sockets
                        NodeName=n[001-003] Feature=a
                        nodename=m[1-2] CPUs=40
                        PartitionName=all Nodes=ALL
                        """);

        assertThat(spec.classes())
                .containsExactly(
                        new NodeClass("n001", 3, 32, 2L << 30),
                        new NodeClass("m1", 2, 40, 2L << 30));
    }

    @Test
    void saysWhatIsWrong() {
        assertRefused("nodes: [{names: a, cores: 0, memoryMib: 1}]", "cores");
        assertRefused("nodes: [{names: a, cores: 1}]", "memoryMib");
        assertRefused("nodes: [{names: 'a[', cores: 1, memoryMib: 1}]", "brackets");
        assertRefused("nodes: [{names: 'a,a', cores: 1, memoryMib: 1}]", "twice");
        assertRefused("colour: blue", "colour");
        assertRefused("outages: []", "nodes");
        assertRefused(
                "nodes: [{names: a, cores: 1, memoryMib: 1}]\n"
                        + "outages: [{nodes: b, from: 1, to: 2, kind: fail}]",
                "there is no node b");
        assertThatThrownBy(() -> NodesFile.read(folder.resolve("none")))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    }

    @Test
    void saysWhereAValueIsWrongAndWhatItShouldBe() {
        assertRefused(
                "nodes:\n  - {names: a, cores: abc, memoryMib: 1}",
                "nodes: line 2: key nodes[1].cores: 'abc' is not a whole number; it must be");
        assertRefused(
                "nodes: [{names: a, cores: 99999999999, memoryMib: 1}]",
                "key nodes[1].cores: the number is too large");
        assertRefused(
                "nodes: [{names: a, cores: 1, memory: 1}]",
                "unknown key 'memory': give cores, memoryMib, names");
        assertRefused("nodes: [{names: a, memoryMib: 1}]", "nodes[1]: a has no 'cores'");
        assertRefused(
                "nodes: [{names: a, cores: 1, memoryMib: 1}]\n"
                        + "outages: [{nodes: a, from: 1, to: 2, kind: explode}]",
                "line 2: key outages[1].kind: 'explode' is not one of drain, fail, lose");
        assertRefused("just text", "it is not a mapping");
        assertRefused("", "it is not a mapping");
        assertRefused("NodeName=a CPUs=x", "cpus is a whole number, not 'x'");
    }

    private void assertRefused(String text, String reason) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContaining(reason);
    }

    private ClusterSpec read(String text) throws IOException {
        Path file = folder.resolve("nodes");
        Files.writeString(file, text);
        return NodesFile.read(file);
    }
}
