package io.offcut.simulator;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How waits and slowdowns of the jobs are spread.
 *
 * @param waitSeconds from submission to start
 * @param boundedSlowdowns see {@link JobSchedule#boundedSlowdown}
 */
record Spreads(Distribution waitSeconds, Distribution boundedSlowdowns) {
    private static final double[] PERCENTILES = {10, 25, 50, 75, 90, 95, 99};

    static Spreads of(JobSchedule schedule) {
        Distribution.Builder waits = new Distribution.Builder(1);
        Distribution.Builder slowdowns = new Distribution.Builder(1000);
        for (int job = 0; job < schedule.size(); job++) {
            waits.add(schedule.waitSeconds(job));
            slowdowns.addExactly(schedule.boundedSlowdown(job));
        }
        return new Spreads(waits.build(), slowdowns.build());
    }

    /** As {@code summary.json} has a distribution. */
    static Map<String, Object> figures(Distribution values) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("count", values.count());
        figures.put("mean", values.mean());
        figures.put("least", values.least());
        for (double percent : PERCENTILES) {
            figures.put("p" + (int) percent, values.percentile(percent));
        }
        figures.put("greatest", values.greatest());
        return figures;
    }
}
