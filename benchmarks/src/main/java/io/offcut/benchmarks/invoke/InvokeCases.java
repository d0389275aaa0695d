package io.offcut.benchmarks.invoke;

import io.offcut.cli.Io;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** All cases, in order. */
final class InvokeCases {
    private final HotCases hot;
    private final Io io;
    private final List<CaseResult> results = new ArrayList<>();
    private List<String> wanted = List.of();

    @FunctionalInterface
    private interface Measure {
        CaseResult measure() throws IOException, InterruptedException;
    }

    InvokeCases(Stage stage, RawEnd raw, int rounds, Io io) {
        this.hot = new HotCases(stage, raw, rounds);
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
        return results;
    }

    private @org.jspecify.annotations.Nullable CaseResult add(String name, Measure measure)
            throws IOException, InterruptedException {
        if (!wanted.isEmpty()
                && wanted.stream().noneMatch(part -> name.contains(part.toLowerCase(Locale.ROOT)))) {
            return null;
        }
        io.say("bench: " + name + " …");
        CaseResult result = measure.measure();
        results.add(result);
        return result;
    }
}
