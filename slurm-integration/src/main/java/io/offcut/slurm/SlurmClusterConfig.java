package io.offcut.slurm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a private test cluster looks like.
 *
 * @param directory where everything of it lives: absent or empty; null for a new directory below
 *     java.io.tmpdir, which is removed when the cluster is closed
 * @param nodes its nodes, in order; named {@code n1}, {@code n2}, … unless another cluster on this
 *     machine has these names, see {@link SlurmCluster#nodeNames()}
 * @param constrainCores whether Slurm pins tasks to their cores; only with nodes that have no more
 *     CPUs than this machine
 * @param prolog for {@code Prolog=}, run on the node as the daemons' user; or null
 * @param epilog for {@code Epilog=}; or null
 * @param pluginDeadline if not null, Offcut's SPANK plugin is installed with this deadline; it
 *     looks for a node's daemon at {@link SlurmCluster#jobEventSocket}
 * @param extraLines lines added to slurm.conf before the nodes
 * @param startTimeout how long the daemons may take until every node is idle
 * @param stopOnExit whether the cluster is stopped when this JVM ends
 */
public record SlurmClusterConfig(
        @Nullable Path directory,
        List<NodeSize> nodes,
        boolean constrainCores,
        @Nullable Path prolog,
        @Nullable Path epilog,
        @Nullable Duration pluginDeadline,
        List<String> extraLines,
        Duration startTimeout,
        boolean stopOnExit) {
    /** Nodes one machine is asked to play. */
    public static final int MAX_NODES = 256;

    /**
     * Size of one node.
     *
     * @param cpus CPUs that Slurm is told of; may be more than the machine has
     * @param memoryMegabytes memory that Slurm is told of, in units of 2^20 bytes
     */
    public record NodeSize(int cpus, int memoryMegabytes) {
        public NodeSize {
            if (cpus < 1 || cpus > 1024 || memoryMegabytes < 1) {
                throw new IllegalArgumentException(
                        "a node of " + cpus + " CPUs and " + memoryMegabytes + " MB");
            }
        }
    }

    public SlurmClusterConfig {
        nodes = List.copyOf(nodes);
        extraLines = List.copyOf(extraLines);
        if (nodes.isEmpty() || nodes.size() > MAX_NODES) {
            throw new IllegalArgumentException(
                    "a cluster of " + nodes.size() + " nodes, expected 1.." + MAX_NODES);
        }
        if (extraLines.stream().anyMatch(line -> line.contains("\n"))) {
            throw new IllegalArgumentException("a line end inside an extra line");
        }
    }

    /** Nodes with made-up sizes; tasks are not pinned. */
    public static SlurmClusterConfig fakeNodes(int count, int cpus, int memoryMegabytes) {
        return of(count, new NodeSize(cpus, memoryMegabytes), false);
    }

    /** Nodes that each have all CPUs of this machine; Slurm pins tasks to their cores. */
    public static SlurmClusterConfig realNodes(int count, int memoryMegabytes) {
        int cpus = Runtime.getRuntime().availableProcessors();
        return of(count, new NodeSize(cpus, memoryMegabytes), true);
    }

    private static SlurmClusterConfig of(int count, NodeSize size, boolean constrainCores) {
        return new SlurmClusterConfig(
                null,
                Collections.nCopies(count, size),
                constrainCores,
                null,
                null,
                null,
                List.of(),
                Duration.ofSeconds(60),
                true);
    }

    /** The same in this directory. */
    public SlurmClusterConfig in(Path place) {
        return new SlurmClusterConfig(
                place,
                nodes,
                constrainCores,
                prolog,
                epilog,
                pluginDeadline,
                extraLines,
                startTimeout,
                stopOnExit);
    }

    /** The same with a prolog and an epilog of one's own. */
    public SlurmClusterConfig withScripts(@Nullable Path newProlog, @Nullable Path newEpilog) {
        return new SlurmClusterConfig(
                directory,
                nodes,
                constrainCores,
                newProlog,
                newEpilog,
                pluginDeadline,
                extraLines,
                startTimeout,
                stopOnExit);
    }

    /** The same with Offcut's SPANK plugin. */
    public SlurmClusterConfig withOffcutPlugin(Duration deadline) {
        return new SlurmClusterConfig(
                directory,
                nodes,
                constrainCores,
                prolog,
                epilog,
                deadline,
                extraLines,
                startTimeout,
                stopOnExit);
    }

    /** The same with these lines in slurm.conf. */
    public SlurmClusterConfig withLines(String... lines) {
        return new SlurmClusterConfig(
                directory,
                nodes,
                constrainCores,
                prolog,
                epilog,
                pluginDeadline,
                List.of(lines),
                startTimeout,
                stopOnExit);
    }

    /** The same, left running when this JVM ends: stop it with {@link SlurmCluster#attach}. */
    public SlurmClusterConfig keptOnExit() {
        return new SlurmClusterConfig(
                directory,
                nodes,
                constrainCores,
                prolog,
                epilog,
                pluginDeadline,
                extraLines,
                startTimeout,
                false);
    }
}
