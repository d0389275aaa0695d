package io.offcut.benchmarks.invoke;

import io.offcut.cli.Io;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** All cases, in order. */
final class InvokeCases {
    private final HotCases hot;
    private final ColdCases cold;
    private final MapCases map;
    private final int cpu;
    private final int rounds;
    private final Io io;
    private final List<CaseResult> results = new ArrayList<>();
    private List<String> wanted = List.of();

    @FunctionalInterface
    private interface Measure {
        CaseResult measure() throws IOException, InterruptedException;
    }

    InvokeCases(Stage stage, RawEnd raw, Path dir, int cpu, int rounds, Io io) {
        this.hot = new HotCases(stage, raw, rounds);
        this.cold = new ColdCases(stage, rounds);
        this.map = new MapCases(stage, dir, cpu, rounds);
        this.cpu = cpu;
        this.rounds = rounds;
        this.io = io;
    }

    /**
     * Measures.
     *
     * @param names parts of the names of the cases; empty for all
     */
    List<CaseResult> run(List<String> names) throws IOException, InterruptedException {
        wanted = names;
        CaseResult shm = add("shm hot, native", hot::shmNative);
        if (shm != null) {
            add("shm hot, java", () -> hot.shmJava(shm));
        }
        add("shm hot, depth 16", hot::shmPipelined);
        add("shm 1 MiB in, 8 B out", hot::shmLarge);
        add("tcp hot", hot::tcpSmall);
        add("tcp 1 MiB echo", hot::tcpLarge);
        add("shm warm", hot::shmWarm);
        add("cold, lease to first result", cold::fresh);
        add("executor resident", cold::resident);
        add("gRPC-Java unary", () -> GrpcCase.measure(rounds, cpu));
        add("map, a million lines", map::lines);
        add("map, command true", map::commands);
        return results;
    }

    private @Nullable CaseResult add(String name, Measure measure)
            throws IOException, InterruptedException {
        if (!wanted.isEmpty()
                && wanted.stream().noneMatch(part -> name.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT)))) {
            return null;
        }
        io.say("bench: " + name + " …");
        CaseResult result = measure.measure();
        results.add(result);
        return result;
    }
}
