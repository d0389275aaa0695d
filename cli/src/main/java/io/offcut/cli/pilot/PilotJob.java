package io.offcut.cli.pilot;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.CpuAffinity;
import io.offcut.linux.CpuTopology;
import io.offcut.slurm.CpuIdMap;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmJob;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The job that a pilot runs in: what of its node it has, and until when.
 *
 * @param jobId its number
 * @param node Slurm's name of the node
 * @param cores logical CPUs that it has
 * @param memoryBytes memory that it has; 0 when Slurm does not say
 * @param endEpochMillis when its time limit ends, milliseconds since the epoch
 */
record PilotJob(String jobId, String node, CpuSet cores, long memoryBytes, long endEpochMillis) {
    /** Any port does: nothing is sent. */
    private static final int SOME_PORT = 7070;

    /**
     * The job of this process. Asks Slurm's controller once.
     *
     * @param made whether the node's CPUs are made up, so that only Slurm knows which are the job's
     */
    static PilotJob current(Map<String, String> environment, SlurmCommands slurm, boolean made) {
        String id = required(environment, "SLURM_JOB_ID");
        String node = required(environment, "SLURMD_NODENAME");
        SlurmJob job = slurm.job(id);
        NodeAllocation allocation =
                job.allocationOn(node)
                        .orElseThrow(() ->
                                new OffcutException(
                                        ErrorCode.CONFLICT,
                                        "Slurm does not say what job "
                                                + id
                                                + " has of node "
                                                + node));
        if (job.endTime() == null) {
            throw new OffcutException(
                    ErrorCode.CONFLICT, "job " + id + " has no time limit: give it one");
        }
        return new PilotJob(
                id,
                node,
                made ? allocation.cores() : real(allocation.cores(), slurm, node),
                allocation.memoryBytes(),
                job.endTime().toEpochMilli());
    }

    private static String required(Map<String, String> environment, String name) {
        String value = environment.get(name);
        if (value == null || value.isBlank()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "pilot run: "
                            + name
                            + " is not set: it runs inside a job that 'offcut pilot start' has"
                            + " queued");
        }
        return value;
    }

    // The kernel's word is the better one, where Slurm has bound the step to what the job has.
    private static CpuSet real(CpuSet slurmCpus, SlurmCommands slurm, String node) {
        CpuSet bound = CpuAffinity.current();
        return bound.equals(CpuAffinity.online())
                ? CpuIdMap.ofCores(
                                CpuTopology.read(CpuTopology.SYS_CPU).cores(),
                                slurm.node(node).cpus())
                        .toOperatingSystem(slurmCpus)
                : bound;
    }

    /** What the daemon's configuration must say for this job. */
    Map<String, Object> configuration(Duration grace) {
        Map<String, Object> keys = new HashMap<>();
        keys.put("name", node + "-" + jobId);
        keys.put("port", 0);
        keys.put("advertisedUrl", "");
        keys.put("cpus", cores.toString());
        keys.put("slurm", "off");
        keys.put("untilEpochMillis", endEpochMillis - grace.toMillis());
        if (memoryBytes > 0) {
            keys.put("memoryBytes", memoryBytes);
        }
        return keys;
    }

    /** The address under which this machine talks to the scheduler's. */
    static String addressTowards(String schedulerUrl) {
        String host = URI.create(schedulerUrl).getHost();
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(host), SOME_PORT));
            return socket.getLocalAddress().getHostAddress();
        } catch (IOException | RuntimeException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "this node knows no way to the scheduler's machine "
                            + host
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
