package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Client;
import io.offcut.cli.Io;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** All cases, in order. */
final class InvokeCases {
    private final Path dir;
    private final int cpu;
    private final Client client;
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
     * @param wanted parts of the names of the cases; empty for all
     */
    InvokeCases(Path dir, int cpu, Client client, Effort effort, List<String> wanted, Io io) {
        this.dir = dir;
        this.cpu = cpu;
        this.client = client;
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

    /** The calls only: the C client does no more than call. */
    private void c() throws IOException, InterruptedException {
        Path program = CCaller.build(dir);
        try (Stage stage = stage("plain", 0)) {
            calls(options -> CCaller.open(program, stage.schedulerUrl(), options));
        }
    }

    private void java() throws IOException, InterruptedException {
        int rounds = effort.rounds();
        try (Stage stage = stage("plain", 0)) {
            calls(stage::open);
            add("shm hot, quiet", new QuietCase(stage, dir, rounds)::measure);
            PlannerCases planner = new PlannerCases(stage, effort);
            for (PlannerCases.Job job : PlannerCases.JOBS) {
                add(job.name(), () -> planner.measure(job));
            }
            ColdCases cold = new ColdCases(stage, rounds);
            add("cold, nothing pre-warmed", cold::fresh);
            add("executor resident", cold::resident);
            add("executor idle", new IdleCase(stage)::measure);
            add("gRPC-Java unary", () -> GrpcCase.measure(rounds, cpu));
            MapCases map = new MapCases(stage, dir, cpu, rounds);
            add("map, a million lines", map::lines);
            add("map, command true", map::commands);
        }
        try (Stage stage = stage("prewarmed", 1)) {
            add("cold, pre-warmed", new ColdCases(stage, rounds)::prewarmed);
        }
    }

    private Stage stage(String name, int prewarmed) throws IOException, InterruptedException {
        return new Stage(Files.createDirectories(dir.resolve(name)), cpu, prewarmed);
    }

    private void calls(Caller.Opener opener) throws IOException, InterruptedException {
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
        }
    }

    private @Nullable CaseResult add(String name, Measure measure)
            throws IOException, InterruptedException {
        boolean included =
                wanted.isEmpty()
                        || wanted.stream()
                                .map(part -> part.toLowerCase(Locale.ROOT))
                                .anyMatch(name.toLowerCase(Locale.ROOT)::contains);
        if (!included) {
            return null;
        }
        io.say("bench: " + name + " …");
        CaseResult result = measure.measure().by(client);
        results.add(result);
        return result;
    }
}
