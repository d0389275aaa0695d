package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Client;
import io.offcut.cli.Io;
import io.offcut.core.CpuSet;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.linux.CpuAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** All cases, in order. */
final class InvokeCases {
    private static final String COLD = "cold, nothing pre-warmed";
    private static final String RESIDENT = "executor resident";
    private static final String PREWARMED = "cold, pre-warmed";
    private static final String KEPT = "cold, kept";
    private static final int KEEP_WARM_SECONDS = 60;

    private final Path dir;
    private final int cpu;
    private final Client client;
    private final @Nullable String transport;
    private final Effort effort;
    private final List<String> wanted;
    private final Io io;
    private final List<CaseResult> results = new ArrayList<>();

    @FunctionalInterface
    private interface Measure {
        CaseResult measure() throws IOException, InterruptedException;
    }

    /**
     * @param cpu where the other side runs
     * @param client of those cases that have no other way to call
     * @param transport only calls over this one; null for all but those by RDMA
     * @param wanted parts of the names of the cases; empty for all
     */
    InvokeCases(
            Path dir,
            int cpu,
            Client client,
            @Nullable String transport,
            Effort effort,
            List<String> wanted,
            Io io) {
        this.dir = dir;
        this.cpu = cpu;
        this.client = client;
        this.transport = transport;
        this.effort = effort;
        this.wanted = wanted;
        this.io = io;
    }

    List<CaseResult> run() throws IOException, InterruptedException {
        switch (client) {
            case JAVA -> java();
            case C -> c();
        }
        return results;
    }

    /** The calls and the planner: the rest is not the client's. */
    private void c() throws IOException, InterruptedException {
        Path programs = CProgram.build(dir);
        try (Stage stage = stage("plain", 0, 0)) {
            calls(options -> CCaller.open(programs, stage.schedulerUrl(), options));
            PlannerCases planner = new PlannerCases(stage, effort);
            for (PlannerCases.Job job : PlannerCases.JOBS) {
                add(job.name(), () -> planner.c(job, programs));
            }
        }
    }

    private void java() throws IOException, InterruptedException {
        int rounds = effort.rounds();
        try (Stage stage = stage("plain", 0, 0)) {
            calls(stage::open);
            add("shm hot, quiet", new QuietCase(stage, dir, rounds)::measure);
            PlannerCases planner = new PlannerCases(stage, effort);
            for (PlannerCases.Job job : PlannerCases.JOBS) {
                add(job.name(), () -> planner.java(job));
            }
            add("executor idle", new IdleCase(stage)::measure);
            add("gRPC-Java unary", () -> GrpcCase.measure(rounds, cpu));
            MapCases map = new MapCases(stage, dir, cpu, rounds);
            add("map, a million lines", map::lines);
            add("map, command true", map::commands);
        }
        if (isWanted(COLD) || isWanted(RESIDENT)) {
            try (Stage stage = unpinnedStage("cold", 0, 0)) {
                ColdCases cold = new ColdCases(stage, rounds);
                add(COLD, cold::fresh);
                add(RESIDENT, cold::resident);
            }
        }
        if (isWanted(PREWARMED)) {
            try (Stage stage = unpinnedStage("prewarmed", 1, 0)) {
                add(PREWARMED, new ColdCases(stage, rounds)::prewarmed);
            }
        }
        if (isWanted(KEPT)) {
            try (Stage stage = unpinnedStage("kept", 0, KEEP_WARM_SECONDS)) {
                add(KEPT, new ColdCases(stage, rounds)::kept);
            }
        }
    }

    /** Whose daemons may use every CPU, as daemons do: what they do is part of what is measured. */
    private Stage unpinnedStage(String name, int prewarmed, int keepWarmSeconds)
            throws IOException, InterruptedException {
        CpuSet own = CpuAffinity.current();
        CpuAffinity.pinCurrentThread(own.plus(CpuSet.of(cpu)));
        try {
            return stage(name, prewarmed, keepWarmSeconds);
        } finally {
            CpuAffinity.pinCurrentThread(own);
        }
    }

    private Stage stage(String name, int prewarmed, int keepWarmSeconds)
            throws IOException, InterruptedException {
        Path folder = Files.createDirectories(dir.resolve(name));
        return new Stage(folder, cpu, prewarmed, keepWarmSeconds);
    }

    private void calls(Caller.Opener opener) throws IOException, InterruptedException {
        if (ChannelDescriptor.VERBS.equals(transport)) {
            callsByRdma(opener);
            return;
        }
        try (RawEnd raw = new RawEnd(cpu, dir)) {
            HotCases hot = new HotCases(opener, raw, effort);
            CaseResult shm = add("shm hot, native", hot::shmNative);
            if (shm != null) {
                add("shm hot, java", () -> hot.shmJava(shm));
            }
            add("shm hot, depth 16", hot::shmPipelined);
            add("shm 1 MiB in, 8 B out", hot::shmLarge);
            add("tcp hot", hot::tcpSmall);
            add("tcp 1 MiB echo", hot::tcpLarge);
            add("shm warm", hot::shmWarm);
            add("shm open, a tenth", () -> hot.shmOpen("shm open, a tenth", 10));
            add("shm open, half", () -> hot.shmOpen("shm open, half", 2));
            add("tcp open, a tenth", () -> hot.tcpOpen("tcp open, a tenth", 10));
            add("tcp open, half", () -> hot.tcpOpen("tcp open, half", 2));
        }
    }

    private void callsByRdma(Caller.Opener opener) throws IOException, InterruptedException {
        try (RawVerbs raw = new RawVerbs(cpu, VerbsCases.deviceAddress())) {
            VerbsCases.Each add =
                    (name, measure) -> {
                        CaseResult ignored = add(name, measure::measure);
                    };
            new VerbsCases(opener, raw, effort).each(add);
        }
    }

    private boolean isWanted(String name) {
        if (transport != null && !name.startsWith(transport + " ")) {
            return false;
        }
        return wanted.isEmpty()
                || wanted.stream()
                        .map(part -> part.toLowerCase(Locale.ROOT))
                        .anyMatch(name.toLowerCase(Locale.ROOT)::contains);
    }

    private @Nullable CaseResult add(String name, Measure measure)
            throws IOException, InterruptedException {
        if (!isWanted(name)) {
            return null;
        }
        io.say("bench: " + name + " …");
        CaseResult result = measure.measure().by(client);
        results.add(result);
        return result;
    }
}
