package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.ResultJson;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Rows of the same job in two results, in the order of submission. A job is the same if number and
 * submission are.
 */
final class JobPairs {
    private final JobRows first;
    private final JobRows second;
    private final int[] a;
    private final int[] b;

    /**
     * @param a rows of the first
     * @param b rows of the second, one for each of those
     */
    private JobPairs(JobRows first, JobRows second, int[] a, int[] b) {
        this.first = first;
        this.second = second;
        this.a = a;
        this.b = b;
    }

    private record Key(long job, double submit) {
        static Key of(JobRows rows, int row) {
            return new Key(rows.job(row), rows.submit(row));
        }
    }

    static JobPairs of(JobRows first, JobRows second) {
        if (sameRows(first, second)) {
            int[] rows = inOrder(first);
            return new JobPairs(first, second, rows, rows);
        }
        Map<Key, Integer> rowOf = new HashMap<>();
        for (int row = 0; row < second.size(); row++) {
            rowOf.put(Key.of(second, row), row);
        }
        int[] a = new int[first.size()];
        int[] b = new int[first.size()];
        int both = 0;
        for (int row : inOrder(first)) {
            Integer other = rowOf.remove(Key.of(first, row));
            if (other != null) {
                a[both] = row;
                b[both++] = other;
            }
        }
        return new JobPairs(first, second, Arrays.copyOf(a, both), Arrays.copyOf(b, both));
    }

    private static boolean sameRows(JobRows first, JobRows second) {
        return first.size() == second.size()
                && IntStream.range(0, first.size())
                        .allMatch(row ->
                                first.job(row) == second.job(row)
                                        && first.submit(row) == second.submit(row));
    }

    private static int[] inOrder(JobRows rows) {
        IntStream all = IntStream.range(0, rows.size());
        boolean inOrder =
                IntStream.range(1, rows.size())
                        .allMatch(row -> rows.submit(row - 1) <= rows.submit(row));
        return inOrder
                ? all.toArray()
                : all.boxed()
                        .sorted(
                                Comparator.<Integer>comparingDouble(rows::submit)
                                        .thenComparingLong(rows::job))
                        .mapToInt(row -> row)
                        .toArray();
    }

    int size() {
        return a.length;
    }

    /** How many jobs are in the first alone. */
    int onlyA() {
        return first.size() - size();
    }

    /** How many jobs are in the second alone. */
    int onlyB() {
        return second.size() - size();
    }

    long job(int pair) {
        return first.job(a[pair]);
    }

    double submit(int pair) {
        return first.submit(a[pair]);
    }

    double waitA(int pair) {
        return first.waitSeconds(a[pair]);
    }

    double waitB(int pair) {
        return second.waitSeconds(b[pair]);
    }

    /** How much later a job starts in the second. */
    double laterSeconds(int pair) {
        return second.start(b[pair]) - first.start(a[pair]);
    }

    double slowdownDifference(int pair) {
        return second.slowdown(b[pair]) - first.slowdown(a[pair]);
    }

    /** Both waits of each job. */
    String csv() {
        StringBuilder csv = new StringBuilder("job,submit,wait_a,wait_b,difference\n");
        for (int pair = 0; pair < size(); pair++) {
            csv.append(job(pair));
            append(csv, submit(pair));
            append(csv, waitA(pair));
            append(csv, waitB(pair));
            append(csv, laterSeconds(pair));
            csv.append('\n');
        }
        return csv.toString();
    }

    private static void append(StringBuilder csv, double value) {
        csv.append(',').append(ResultJson.number(value).toPlainString());
    }
}
