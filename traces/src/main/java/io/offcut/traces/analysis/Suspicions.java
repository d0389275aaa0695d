package io.offcut.traces.analysis;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** Looks for values that are not what they seem. */
final class Suspicions {
    /** More than half of the jobs with the very same use of memory: a default, not a measure. */
    private static final double DEFAULT_SHARE = 0.5;

    private static final int FEW_JOBS = 20;

    private final JobTable jobs;
    private final List<Suspicion> found = new ArrayList<>();

    private Suspicions(JobTable jobs) {
        this.jobs = jobs;
    }

    static List<Suspicion> of(JobTable jobs, long machineProcs, long secondsOver, long mostProcs) {
        Suspicions search = new Suspicions(jobs);
        search.rows(machineProcs);
        if (secondsOver > 0) {
            search.found.add(
                    new Suspicion(
                            "allocatedOverMachine",
                            secondsOver,
                            -1,
                            "seconds in which jobs hold up to "
                                    + mostProcs
                                    + " cores of a machine of "
                                    + machineProcs
                                    + ": the machine changed, or ends were written late; idle"
                                    + " cores are then taken as none"));
        }
        search.sameMemory();
        search.sameNumber();
        return search.found;
    }

    private void rows(long machineProcs) {
        count(
                "sentinels",
                row -> hasSentinel(row),
                "2147483647 in a field: a sentinel for no limit, not a number");
        count(
                "negative",
                row -> hasNegative(row),
                "a negative value that is not the -1 of an unknown one");
        count(
                "neverRan",
                row -> jobs.runSeconds(row) <= 0,
                "no run time: cancelled while waiting, failed at once, or shorter than a second; in"
                        + " 'offcut simulate' those of 0 s wait like others, and are counted");
        count(
                "noProcs",
                row -> jobs.runSeconds(row) > 0 && jobs.procs(row) <= 0,
                "ran on no known number of cores: left out of every sum of core time; 'offcut"
                        + " simulate' takes what they asked for");
        count(
                "largerThanMachine",
                row -> machineProcs > 0 && jobs.procs(row) > machineProcs,
                "more cores than the machine has: the header tells another machine");
        count(
                "ranOverLimit",
                this::isOverLimit,
                "ran more than a minute and a tenth longer than asked: the limit was not kept, or"
                        + " is not this job's");
        count(
                "moreCpuThanCores",
                row ->
                        jobs.runSeconds(row) > 0
                                && jobs.averageCpuSeconds(row) > jobs.runSeconds(row) * 1.05 + 1,
                "more CPU time than its cores have: more threads than cores asked for, or the"
                        + " CPU time of all cores written as that of one");
        count(
                "moreMemoryThanAsked",
                row ->
                        jobs.requestedMemoryKib(row) > 0
                                && jobs.usedMemoryKib(row) > jobs.requestedMemoryKib(row),
                "more memory than asked for: the limit is not enforced, or shared pages are counted"
                        + " for every process");
    }

    private boolean isOverLimit(int row) {
        long limit = jobs.requestedSeconds(row);
        return limit > 0 && jobs.runSeconds(row) > limit + limit / 10 + 60;
    }

    private boolean hasSentinel(int row) {
        for (SwfField field : SwfField.values()) {
            if (jobs.value(row, field) == Integer.MAX_VALUE) {
                return true;
            }
        }
        return false;
    }

    private boolean hasNegative(int row) {
        for (SwfField field : SwfField.values()) {
            if (jobs.value(row, field) < -1) {
                return true;
            }
        }
        return false;
    }

    private void count(String name, IntPredicate test, String meaning) {
        long count = 0;
        long first = -1;
        for (int row = 0; row < jobs.size(); row++) {
            if (test.test(row)) {
                first = count == 0 ? jobs.job(row) : first;
                count++;
            }
        }
        if (count > 0) {
            found.add(new Suspicion(name, count, first, meaning));
        }
    }

    private void sameMemory() {
        long[] used = new long[jobs.size()];
        int known = 0;
        for (int row = 0; row < jobs.size(); row++) {
            if (jobs.usedMemoryKib(row) > 0) {
                used[known++] = jobs.usedMemoryKib(row);
            }
        }
        Arrays.sort(used, 0, known);
        int longest = 0;
        int run = 0;
        long value = -1;
        for (int i = 0; i < known; i++) {
            run = i > 0 && used[i] == used[i - 1] ? run + 1 : 1;
            if (run > longest) {
                longest = run;
                value = used[i];
            }
        }
        if (known >= FEW_JOBS && longest > DEFAULT_SHARE * known) {
            found.add(
                    new Suspicion(
                            "sameMemory",
                            longest,
                            -1,
                            "the same used memory, "
                                    + value
                                    + " KiB a core, for most jobs: the default of a queue, no"
                                    + " measurement"));
        }
    }

    private void sameNumber() {
        long[] numbers = new long[jobs.size()];
        Arrays.setAll(numbers, jobs::job);
        Arrays.sort(numbers);
        long again = 0;
        long first = -1;
        for (int i = 1; i < numbers.length; i++) {
            if (numbers[i] == numbers[i - 1]) {
                first = again == 0 ? numbers[i] : first;
                again++;
            }
        }
        if (again > 0) {
            found.add(
                    new Suspicion(
                            "sameNumber",
                            again,
                            first,
                            "a job number that another job has: a job that was queued again, parts"
                                    + " of one that was checkpointed, or tasks of an array"));
        }
    }
}
