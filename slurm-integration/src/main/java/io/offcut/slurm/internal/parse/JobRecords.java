package io.offcut.slurm.internal.parse;

import io.offcut.core.CpuSet;
import io.offcut.core.HostList;
import io.offcut.slurm.JobState;
import io.offcut.slurm.NodeAllocation;
import io.offcut.slurm.SlurmJob;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code scontrol show job -d -o} (scontrol(1); the order of fields is that of
 * slurm_sprint_job_info in Slurm 20.11 to 25.05). Pure.
 *
 * <p>A hostile job name or comment can add fields and even whole lines to the output. What Slurm
 * itself writes exactly once must therefore be there exactly once, and a job must have exactly one
 * line; otherwise its record is marked as uncertain. Such a text can make its own job uncertain and
 * invent jobs that do not exist, but it cannot make a job look smaller than it is.
 */
public final class JobRecords {
    private static final List<String> EXACTLY_ONCE =
            List.of("JobId", "JobName", "UserId", "JobState", "Partition", "NodeList");
    private static final List<String> AT_MOST_ONCE =
            List.of("ArrayJobId", "ArrayTaskId", "StartTime", "EndTime", "OverSubscribe");

    /** The later name and that of 19.05. */
    private static final List<String> GRES = List.of("GRES", "GRES_IDX");

    private JobRecords() {}

    /** Reads all records of an output; the same job on two lines gives one uncertain record. */
    public static List<SlurmJob> parseAll(Iterable<String> lines) {
        Map<String, SlurmJob> jobs = new HashMap<>();
        List<String> order = new ArrayList<>();
        for (String line : lines) {
            SlurmJob job = parseLine(line);
            if (job == null) {
                continue;
            }
            if (jobs.putIfAbsent(job.jobId(), job) == null) {
                order.add(job.jobId());
            } else {
                jobs.computeIfPresent(job.jobId(), (id, first) -> first.doubted());
            }
        }
        return order.stream().map(id -> Objects.requireNonNull(jobs.get(id))).toList();
    }

    /** Reads one line; null if it does not begin with a job id. */
    public static @Nullable SlurmJob parseLine(String line) {
        if (!line.startsWith("JobId=")) {
            return null;
        }
        FieldLine fields = FieldLine.parse(line);
        String jobId = fields.firstOr("JobId", "");
        if (!SlurmText.isJobId(jobId)) {
            return null;
        }
        boolean certain = fields.complete() && wellFormed(fields);
        List<String> nodes = List.of();
        Map<String, NodeAllocation> allocations = new HashMap<>();
        try {
            nodes = HostList.expand(fields.firstOr("NodeList", ""));
            readAllocations(fields, allocations);
        } catch (IllegalArgumentException e) {
            certain = false;
        }
        SlurmJob job = record(fields, jobId, nodes, allocations);
        return certain ? job : job.doubted();
    }

    private static SlurmJob record(
            FieldLine fields,
            String jobId,
            List<String> nodes,
            Map<String, NodeAllocation> allocations) {
        String user = fields.firstOr("UserId", "");
        int open = user.lastIndexOf('(');
        boolean numbered = open > 0 && user.endsWith(")");
        return new SlurmJob(
                jobId,
                fields.first("ArrayJobId"),
                fields.first("ArrayTaskId"),
                SlurmText.free(fields.first("JobName")),
                SlurmText.free(numbered ? user.substring(0, open) : user),
                numbered ? SlurmText.number(user.substring(open + 1, user.length() - 1), -1) : -1,
                JobState.parse(fields.firstOr("JobState", "")),
                SlurmText.free(fields.first("Partition")),
                SlurmText.time(fields.first("StartTime")),
                SlurmText.time(fields.first("EndTime")),
                fields.firstOr("OverSubscribe", "").equals("NO"),
                nodes,
                allocations,
                true);
    }

    private static boolean wellFormed(FieldLine fields) {
        return EXACTLY_ONCE.stream().allMatch(key -> fields.count(key) == 1)
                && AT_MOST_ONCE.stream().allMatch(key -> fields.count(key) <= 1);
    }

    /**
     * The blocks {@code Nodes=n[1-2] CPU_IDs=0-2 Mem=2000 GRES=gpu:2(IDX:0-1)}. Those before
     * NodeList stand in the job name, those after Command in a path or comment: not Slurm's.
     */
    private static void readAllocations(FieldLine fields, Map<String, NodeAllocation> allocations) {
        List<FieldLine.Field> all = fields.fields();
        int command = fields.indexOf("Command");
        int end = command < 0 ? all.size() : command;
        for (int i = Math.max(0, fields.indexOf("NodeList")); i + 1 < end; i++) {
            if (!all.get(i).key().equals("Nodes") || !all.get(i + 1).key().equals("CPU_IDs")) {
                continue;
            }
            CpuSet cores = CpuSet.parse(all.get(i + 1).value());
            boolean hasMemory = i + 2 < end && all.get(i + 2).key().equals("Mem");
            long memoryBytes = hasMemory ? SlurmText.memoryBytes(all.get(i + 2).value()) : 0;
            int gres = hasMemory ? i + 3 : i + 2;
            boolean hasGres = gres < end && GRES.contains(all.get(gres).key());
            CpuSet gpus = hasGres ? Gres.gpuIndices(all.get(gres).value()) : CpuSet.empty();
            for (String node : HostList.expand(all.get(i).value())) {
                if (!cores.isEmpty()) {
                    allocations.merge(
                            node, new NodeAllocation(cores, memoryBytes, gpus), JobRecords::both);
                }
            }
        }
    }

    private static NodeAllocation both(NodeAllocation a, NodeAllocation b) {
        return new NodeAllocation(
                a.cores().plus(b.cores()),
                Math.min(Long.MAX_VALUE / 4, a.memoryBytes() + b.memoryBytes()),
                a.gpus().plus(b.gpus()));
    }
}
