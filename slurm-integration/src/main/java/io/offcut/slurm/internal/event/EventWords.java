package io.offcut.slurm.internal.event;

import io.offcut.core.CpuSet;
import io.offcut.core.SharePolicy;
import io.offcut.slurm.JobAllocation;
import io.offcut.slurm.JobAllocation.WorkerWish;
import io.offcut.slurm.JobStart;
import io.offcut.slurm.internal.parse.SlurmText;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The words {@code name=value} behind the job id. */
record EventWords(Map<String, String> values) {
    private static final Pattern STEP = Pattern.compile("extern|batch|interactive|[0-9]{1,10}");
    private static final Pattern FUNCTION = Pattern.compile("[A-Za-z0-9._/@-]{1,200}");
    private static final int MAX_WORKERS = 1_000_000;

    static boolean takesJob(String verb) {
        return switch (verb) {
            case "PROLOG", "ALLOC", "STEP_END", "EPILOG" -> true;
            default -> false;
        };
    }

    static EventWords of(String[] words) {
        Map<String, String> values = new HashMap<>();
        for (int i = 2; i < words.length; i++) {
            int sign = words[i].indexOf('=');
            if (sign > 0
                    && values.put(words[i].substring(0, sign), words[i].substring(sign + 1))
                            != null) {
                throw new IllegalArgumentException("a word twice");
            }
        }
        return new EventWords(values);
    }

    EventRequest request(String verb, String job) {
        return switch (verb) {
            case "PROLOG" -> new EventRequest.Prolog(new JobStart(job, number("cpus", 0), share()));
            case "ALLOC" ->
                    new EventRequest.Alloc(
                            new JobAllocation(
                                    job,
                                    step(),
                                    cores(),
                                    mebibytes("mem_mib"),
                                    SlurmText.number(values.get("uid"), -1),
                                    share(),
                                    workers()));
            case "STEP_END" -> new EventRequest.StepEnd(job, step());
            case "EPILOG" -> new EventRequest.Epilog(job);
            default -> new EventRequest.Malformed("unknown request");
        };
    }

    private String step() {
        String step = values.getOrDefault("step", "");
        if (!STEP.matcher(step).matches()) {
            throw new IllegalArgumentException("no step");
        }
        return step;
    }

    private CpuSet cores() {
        String text = values.get("cores");
        CpuSet cores = CpuSet.parse(text == null ? "" : text);
        if (text != null && cores.isEmpty()) {
            throw new IllegalArgumentException("no cores");
        }
        return cores;
    }

    private @Nullable SharePolicy share() {
        String text = values.get("share");
        if (text == null) {
            return null;
        }
        if (text.equals("exclusive")) {
            return SharePolicy.EXCLUSIVE;
        }
        String[] parts = text.split("[:,]", 4);
        if (!parts[0].equals("share") || parts.length > 3) {
            throw new IllegalArgumentException("unreadable share");
        }
        SharePolicy all = SharePolicy.SHARED;
        return new SharePolicy(
                true,
                parts.length > 1 ? parse(parts[1], "share") : all.maxCores(),
                parts.length > 2 ? (long) parse(parts[2], "share") << 20 : all.maxMemoryBytes());
    }

    private @Nullable WorkerWish workers() {
        int workers = number("workers", 0);
        if (workers == 0) {
            return null;
        }
        String function = values.getOrDefault("function", "");
        if (workers > MAX_WORKERS
                || !(function.isEmpty() || FUNCTION.matcher(function).matches())) {
            throw new IllegalArgumentException("unreadable workers");
        }
        return new WorkerWish(workers, mebibytes("worker_mem_mib"), function, number("node_id", 0));
    }

    private long mebibytes(String name) {
        return (long) number(name, 0) << 20;
    }

    private int number(String name, int otherwise) {
        String text = values.get(name);
        return text == null ? otherwise : parse(text, name);
    }

    private static int parse(String text, String name) {
        int value = SlurmText.number(text, -1);
        if (value < 0) {
            throw new IllegalArgumentException("unreadable " + name);
        }
        return value;
    }
}
