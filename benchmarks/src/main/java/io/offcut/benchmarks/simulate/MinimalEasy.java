package io.offcut.benchmarks.simulate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.zip.GZIPInputStream;

/**
 * EASY by event over a log, gzip: counts processors, prints the mean wait. The least there can be,
 * with the queue scanned from its front; arguments are the log and the number of processors.
 */
final class MinimalEasy {
    private static long[] number = new long[1 << 16];
    private static long[] submit = new long[1 << 16];
    private static long[] run = new long[1 << 16];
    private static long[] estimate = new long[1 << 16];
    private static int[] procs = new int[1 << 16];
    private static int jobs;
    private static int free;
    private static int[] queue = new int[0];
    private static int queued;
    private static long[] expectedEnd = new long[0];
    private static int[] running = new int[0];
    private static int runs;
    private static long waited;
    private static final PriorityQueue<long[]> ENDS =
            new PriorityQueue<>(
                    Comparator.<long[]>comparingLong(e -> e[0]).thenComparingLong(e -> e[1]));

    private MinimalEasy() {}

    public static void main(String[] args) throws IOException {
        read(Path.of(args[0]));
        free = Integer.parseInt(args[1]);
        queue = new int[jobs];
        running = new int[jobs + 1];
        expectedEnd = new long[jobs];
        int next = 0;
        for (long order = 0; next < jobs || !ENDS.isEmpty(); ) {
            if (next < jobs && (ENDS.isEmpty() || submit[next] <= ENDS.peek()[0])) {
                queue[queued++] = next;
                release(submit[next]);
                order = procs[next] <= free ? pass(submit[next], order) : order;
                next++;
            } else {
                long[] end = ENDS.remove();
                release(end[0]);
                for (int at = 0; at < runs; at++) {
                    if (running[at] == end[2]) {
                        free += procs[running[at]];
                        System.arraycopy(running, at + 1, running, at, runs-- - at - 1);
                        break;
                    }
                }
                order = pass(end[0], order);
            }
        }
        System.out.println(jobs + " jobs, mean wait " + (double) waited / jobs + " s");
    }

    private static void release(long now) {
        int gone = 0;
        while (gone < runs && expectedEnd[running[gone]] <= now) {
            free += procs[running[gone++]];
        }
        System.arraycopy(running, gone, running, 0, runs - gone);
        runs -= gone;
    }

    private static long start(int job, long now, long order) {
        free -= procs[job];
        expectedEnd[job] = now + estimate[job];
        waited += now - submit[job];
        int at = runs++;
        for (; at > 0 && expectedEnd[running[at - 1]] > expectedEnd[job]; at--) {
            running[at] = running[at - 1];
        }
        running[at] = job;
        ENDS.add(new long[] {now + run[job], order, job});
        return order + 1;
    }

    private static long pass(long now, long order) {
        long started = order;
        int head = 0;
        for (; head < queued && procs[queue[head]] <= free; head++) {
            started = start(queue[head], now, started);
        }
        int kept = 0;
        if (head < queued) {
            int need = procs[queue[head]];
            int then = free;
            int at = 0;
            while (then < need) {
                then += procs[running[at++]];
            }
            long shadow = expectedEnd[running[at - 1]];
            for (; at < runs && expectedEnd[running[at]] == shadow; at++) {
                then += procs[running[at]];
            }
            int extra = then - need;
            int from = head + 1;
            queue[kept++] = queue[head];
            for (; from < queued && free > 0; from++) {
                int job = queue[from];
                boolean gone = now + estimate[job] <= shadow;
                if (procs[job] <= free && (gone || procs[job] <= extra)) {
                    extra -= gone ? 0 : procs[job];
                    started = start(job, now, started);
                } else {
                    queue[kept++] = job;
                }
            }
            System.arraycopy(queue, from, queue, kept, queued - from);
            kept += queued - from;
        }
        queued = kept;
        return started;
    }

    private static void read(Path log) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(log), 1 << 16)) {
            byte[] text = in.readAllBytes();
            for (int at = 0; at < text.length; ) {
                at = text[at] == ';' ? at : job(text, at);
                while (at < text.length && text[at++] != '\n') {}
            }
        }
        sort();
    }

    private static int job(byte[] text, int from) {
        long[] field = new long[9];
        int at = from;
        for (int column = 0; column < 9; column++) {
            while (text[at] == ' ') {
                at++;
            }
            boolean negative = text[at] == '-';
            for (at += negative ? 1 : 0; text[at] > ' '; at++) {
                field[column] =
                        text[at] == '.' ? field[column] : field[column] * 10 + text[at] - '0';
            }
            field[column] = negative ? -field[column] : field[column];
        }
        if (jobs == submit.length) {
            number = Arrays.copyOf(number, 2 * jobs);
            submit = Arrays.copyOf(submit, 2 * jobs);
            run = Arrays.copyOf(run, 2 * jobs);
            estimate = Arrays.copyOf(estimate, 2 * jobs);
            procs = Arrays.copyOf(procs, 2 * jobs);
        }
        number[jobs] = field[0];
        submit[jobs] = field[1];
        run[jobs] = field[3];
        procs[jobs] = (int) field[4];
        estimate[jobs++] = Math.max(field[3], field[8]);
        return at;
    }

    /** By submission, then number. */
    private static void sort() {
        long[] keys = new long[jobs];
        int[] byNumber = new int[1 + (int) Arrays.stream(number, 0, jobs).max().orElse(0)];
        for (int job = 0; job < jobs; job++) {
            keys[job] = submit[job] << 32 | number[job];
            byNumber[(int) number[job]] = job;
        }
        Arrays.sort(keys);
        int[] order = new int[jobs];
        for (int at = 0; at < jobs; at++) {
            order[at] = byNumber[(int) keys[at]];
        }
        long[] oldSubmit = submit.clone();
        long[] oldRun = run.clone();
        long[] oldEstimate = estimate.clone();
        int[] oldProcs = procs.clone();
        for (int at = 0; at < jobs; at++) {
            submit[at] = oldSubmit[order[at]];
            run[at] = oldRun[order[at]];
            estimate[at] = oldEstimate[order[at]];
            procs[at] = oldProcs[order[at]];
        }
    }
}
