package io.offcut.slurm.internal.cluster;

import io.offcut.slurm.JobEventServerConfig;
import java.nio.file.Path;

/** Where the files of a test cluster are, below its directory. */
public record ClusterLayout(Path directory) {
    /** Longest file name that is made a socket's path: "sockets/" and a node's name. */
    private static final int SOCKET_NAME_BYTES = 24;

    public Path slurmConf() {
        return directory.resolve("slurm.conf");
    }

    Path cgroupConf() {
        return directory.resolve("cgroup.conf");
    }

    Path stateFile() {
        return directory.resolve("cluster.properties");
    }

    Path mungeKey() {
        return directory.resolve("munge.key");
    }

    Path mungeSocket() {
        return directory.resolve("run/munge.sock");
    }

    public Path log(String daemon) {
        return directory.resolve("log").resolve(daemon + ".log");
    }

    Path spool(String node) {
        return directory.resolve("spool").resolve(node);
    }

    /** Local temporary files of the jobs on a node, which it shares with no other. */
    Path temp(String node) {
        return directory.resolve("tmp").resolve(node);
    }

    public Path work() {
        return directory.resolve("work");
    }

    public Path jobEventSocket(String node) {
        return directory.resolve("sockets").resolve(node + ".sock");
    }

    /** Whether Slurm can be told this path, and sockets below it fit the kernel's limit. */
    boolean usable() {
        String path = directory.toString();
        return path.matches("[A-Za-z0-9._/+@-]+")
                && path.length() + SOCKET_NAME_BYTES <= JobEventServerConfig.MAX_PATH_BYTES;
    }
}
