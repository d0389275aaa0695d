package io.offcut.traces.transform;

import io.offcut.traces.JobTable;
import io.offcut.traces.RandomVariates;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfHeader;
import io.offcut.traces.SwfLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * A smaller log with the same structure of arrivals: whole weeks of the log, drawn without
 * repetition and kept in their order, so that bursts, days and weekends stay as they are. The gaps
 * between them are closed by whole weeks, so that every job keeps its weekday and time of day. A
 * log or a sample of less than two weeks is made of days instead.
 *
 * <p>The recorded waits are those of the whole log: behind a seam they come from a queue that is
 * not there. One seed gives one sample.
 */
public final class JobSample {
    private static final long DAY = 86_400;

    private final SwfLog log;
    private final int[] rows;
    private final long[] offsets;
    private final List<Block> blocks;
    private final long blockSeconds;

    /** Rows {@code [from, to)} by submission that were submitted in one block of time. */
    private record Block(long number, int from, int to) {
        int jobs() {
            return to - from;
        }
    }

    private JobSample(SwfLog log, long blockSeconds) {
        this.log = log;
        this.blockSeconds = blockSeconds;
        this.rows = log.jobs().rowsBySubmission();
        this.offsets = new long[log.jobs().size()];
        this.blocks = blocks();
    }

    private List<Block> blocks() {
        List<Block> found = new ArrayList<>();
        int from = 0;
        for (int at = 1; at <= rows.length; at++) {
            if (at == rows.length || blockOf(rows[at]) != blockOf(rows[from])) {
                found.add(new Block(blockOf(rows[from]), from, at));
                from = at;
            }
        }
        return found;
    }

    private long blockOf(int row) {
        return Math.floorDiv(log.jobs().submitSeconds(row), blockSeconds);
    }

    /** Length of the blocks that a sample of so many days is made of. */
    private static long blockSeconds(SwfLog log, double days) {
        JobTable jobs = log.jobs();
        int[] rows = jobs.rowsBySubmission();
        long span =
                rows.length == 0
                        ? 0
                        : jobs.submitSeconds(rows[rows.length - 1]) - jobs.submitSeconds(rows[0]);
        return span < 14 * DAY || days < 7 ? DAY : 7 * DAY;
    }

    /** About so many days: whole blocks, rounded up. */
    public static SwfLog days(SwfLog log, int days, long seed) {
        JobSample sample = new JobSample(log, blockSeconds(log, days));
        long count = Math.ceilDiv(days * DAY, sample.blockSeconds);
        return sample.draw(OptionalInt.of((int) count), OptionalInt.empty(), seed);
    }

    /** So many jobs: the last block is cut. */
    public static SwfLog jobs(SwfLog log, int jobs, long seed) {
        JobSample sample = new JobSample(log, blockSeconds(log, Double.MAX_VALUE));
        return sample.draw(OptionalInt.empty(), OptionalInt.of(jobs), seed);
    }

    /** This part of the blocks, rounded to the nearest number of them, but one at least. */
    public static SwfLog fraction(SwfLog log, double fraction, long seed) {
        JobSample sample = new JobSample(log, blockSeconds(log, Double.MAX_VALUE));
        int count = (int) Math.max(1, Math.round(fraction * sample.blocks.size()));
        return sample.draw(OptionalInt.of(count), OptionalInt.empty(), seed);
    }

    private SwfLog draw(OptionalInt maxBlocks, OptionalInt maxJobs, long seed) {
        List<Block> drawn = drawn(maxBlocks, maxJobs, seed);
        int[] kept = new int[rows.length];
        int count = 0;
        long before = 0;
        long first = blocks.isEmpty() ? 0 : blocks.getFirst().number();
        for (Block block : drawn) {
            for (int at = block.from(); at < block.to(); at++) {
                if (count < maxJobs.orElse(Integer.MAX_VALUE)) {
                    offsets[rows[at]] = (first + before - block.number()) * blockSeconds;
                    kept[count++] = rows[at];
                }
            }
            before++;
        }
        JobTable jobs =
                log.jobs()
                        .select(
                                Arrays.copyOf(kept, count),
                                (row, values) -> values[SwfField.SUBMIT.column()] += offsets[row]);
        return log.with(header(drawn, count, seed), jobs);
    }

    private List<Block> drawn(OptionalInt maxBlocks, OptionalInt maxJobs, long seed) {
        List<Block> left = new ArrayList<>(blocks);
        List<Block> drawn = new ArrayList<>();
        RandomVariates random = new RandomVariates(seed);
        int jobs = 0;
        while (!left.isEmpty()
                && drawn.size() < maxBlocks.orElse(Integer.MAX_VALUE)
                && jobs < maxJobs.orElse(Integer.MAX_VALUE)) {
            Block block = left.remove((int) (random.uniform() * left.size()));
            drawn.add(block);
            jobs += block.jobs();
        }
        drawn.sort(Comparator.comparingLong(Block::number));
        return drawn;
    }

    private SwfHeader header(List<Block> drawn, int jobs, long seed) {
        return Headers.jobs(log.header(), jobs).with("Note", words(drawn, seed));
    }

    private String words(List<Block> drawn, long seed) {
        String unit = blockSeconds == DAY ? "days" : "weeks";
        return String.format(
                Locale.ROOT,
                "Offcut sampled %d of %d %s with jobs, seed %d: in their order, gaps closed by whole"
                        + " %s",
                drawn.size(),
                blocks.size(),
                unit,
                seed,
                unit);
    }
}
