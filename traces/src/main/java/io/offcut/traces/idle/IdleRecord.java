package io.offcut.traces.idle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints;
import io.offcut.traces.TraceKind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Samples of idle nodes as intervals: what it takes grows with the number of samples and of
 * intervals, not with that of idle nodes in them. Not changed once it is read; for any thread.
 */
public final class IdleRecord {
    private final long[] unixSeconds;
    private final int[] idle;
    private final int[] pilots;
    private final int nodes;
    private final List<IdleInterval> intervals;
    private final Complaints complaints;

    private IdleRecord(Builder built, Complaints complaints) {
        this.unixSeconds = Arrays.copyOf(built.unixSeconds, built.samples);
        this.idle = Arrays.copyOf(built.idle, built.samples);
        this.pilots = Arrays.copyOf(built.pilots, built.samples);
        this.nodes = built.numbers.size();
        this.intervals = List.copyOf(built.intervals);
        this.complaints = complaints;
    }

    /**
     * Reads a file.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be read or holds fewer than two samples
     */
    public static IdleRecord read(Path path) {
        try (IdleSampleReader reader = IdleSampleReader.open(path)) {
            return read(reader);
        }
    }

    /** Reads all samples that are left. */
    public static IdleRecord read(IdleSampleReader reader) {
        Builder builder = new Builder();
        for (IdleSample sample = reader.next(); sample != null; sample = reader.next()) {
            builder.add(sample);
        }
        boolean isOther =
                reader.kind() != TraceKind.IDLE_SAMPLES && reader.kind() != TraceKind.UNKNOWN;
        if (builder.samples < 2 && isOther) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, reader.source() + " " + reader.kind().explained());
        }
        if (builder.samples < 2) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    reader.source()
                            + " holds "
                            + builder.samples
                            + " samples of idle nodes, two are needed; "
                            + (reader.complaints().total() == 0
                                    ? "the formats are in docs/reference/idle-samples.md"
                                    : reader.complaints().located().getFirst().toString()));
        }
        builder.closeAll();
        return new IdleRecord(builder, reader.complaints());
    }

    /** How many samples there are: at least 2. */
    public int samples() {
        return unixSeconds.length;
    }

    /** When a sample was taken, in milliseconds since the first. */
    public long millis(int sample) {
        return 1000 * (unixSeconds[sample] - unixSeconds[0]);
    }

    public long unixSeconds(int sample) {
        return unixSeconds[sample];
    }

    /** Nodes that were idle in a sample. */
    public int idle(int sample) {
        return idle[sample];
    }

    /** Those of the idle nodes that ran a pilot job. */
    public int pilots(int sample) {
        return pilots[sample];
    }

    /** Nodes that were idle at least once. */
    public int nodes() {
        return nodes;
    }

    /** Idle nodes of all samples together: the surface, in samples. */
    public long idleSamples() {
        return Arrays.stream(idle).asLongStream().sum();
    }

    /** Nodes with a pilot of all samples together. */
    public long pilotSamples() {
        return Arrays.stream(pilots).asLongStream().sum();
    }

    /** Mean time between two samples, rounded. */
    public long meanGapMillis() {
        int gaps = samples() - 1;
        return (2 * millis(gaps) + gaps) / (2L * gaps);
    }

    /** The time between two samples that was meant: the median, the lower one of two. */
    public long medianGapMillis() {
        long[] gaps = new long[samples() - 1];
        Arrays.setAll(gaps, n -> millis(n + 1) - millis(n));
        Arrays.sort(gaps);
        return gaps[(gaps.length - 1) / 2];
    }

    /** In the order in which they end. */
    public List<IdleInterval> intervals() {
        return intervals;
    }

    /** What was wrong with the file. */
    public Complaints complaints() {
        return complaints;
    }

    private static final class Builder {
        private final Map<String, Integer> numbers = new HashMap<>();
        private final Map<String, Integer> open = new LinkedHashMap<>();
        private final List<IdleInterval> intervals = new ArrayList<>();
        private long[] unixSeconds = new long[1024];
        private int[] idle = new int[1024];
        private int[] pilots = new int[1024];
        private int samples;

        void add(IdleSample sample) {
            if (samples == idle.length) {
                unixSeconds = Arrays.copyOf(unixSeconds, samples * 2);
                idle = Arrays.copyOf(idle, samples * 2);
                pilots = Arrays.copyOf(pilots, samples * 2);
            }
            close(sample);
            for (String node : sample.idle()) {
                numbers.putIfAbsent(node, numbers.size());
                open.putIfAbsent(node, samples);
            }
            unixSeconds[samples] = sample.unixSeconds();
            idle[samples] = sample.idle().size();
            pilots[samples] = sample.pilots().size();
            samples++;
        }

        void closeAll() {
            close(null);
        }

        private void close(@Nullable IdleSample sample) {
            for (Iterator<Map.Entry<String, Integer>> it = open.entrySet().iterator();
                    it.hasNext(); ) {
                Map.Entry<String, Integer> entry = it.next();
                if (sample == null || !sample.idle().contains(entry.getKey())) {
                    int number = numbers.getOrDefault(entry.getKey(), -1);
                    intervals.add(new IdleInterval(number, entry.getValue(), samples));
                    it.remove();
                }
            }
        }
    }
}
