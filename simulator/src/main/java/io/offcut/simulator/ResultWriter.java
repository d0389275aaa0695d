package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.SimulationResult.UtilizationRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Results as files: {@code summary.json}, {@code jobs.csv}, {@code utilization.csv}. One result
 * always gives the same bytes; fractions are rounded to six digits.
 */
public final class ResultWriter {

    private ResultWriter() {}

    /**
     * Writes the three files into a folder, which is made if it is missing.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if they cannot be written
     */
    public static void write(SimulationResult result, Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("summary.json"), summaryJson(result) + "\n");
            try (CsvBytes out = csv(folder.resolve("jobs.csv"))) {
                writeJobs(result.schedule(), out);
            }
            try (CsvBytes out = csv(folder.resolve("utilization.csv"))) {
                writeUtilization(result, out);
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot write the results into " + folder + ": " + e.getMessage(),
                    e);
        }
    }

    private static CsvBytes csv(Path file) throws IOException {
        return new CsvBytes(Files.newOutputStream(file));
    }

    /** The configuration and all figures except those of single jobs and rows. */
    public static String summaryJson(SimulationResult result) {
        return JsonText.of(summary(result));
    }

    private static Map<String, Object> summary(SimulationResult result) {
        SimulationConfig config = result.config();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("cluster", cluster(config.cluster()));
        summary.put("batchSystem", config.batch());
        summary.put("functionModel", functionModel(config.functions()));
        summary.put("seed", config.seed());
        summary.put("batch", result.batch());
        summary.put("coreSeconds", result.cores());
        summary.put("functions", result.functions());
        summary.put("gains", result.gains());
        return summary;
    }

    private static Map<String, Object> cluster(ClusterSpec spec) {
        Map<String, Object> cluster = new LinkedHashMap<>();
        cluster.put("cores", spec.cores());
        cluster.put("nodes", spec.nodes());
        cluster.put("classes", spec.classes());
        cluster.put("outages", spec.outages().size());
        return cluster;
    }

    private static Map<String, Object> functionModel(FunctionConfig config) {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("load", config.load().getClass().getSimpleName().toLowerCase(Locale.ROOT));
        if (config.load() instanceof FunctionConfig.Load.Poisson poisson) {
            model.put("requestsPerHour", poisson.requestsPerHour());
            model.put("workers", poisson.workers());
            model.put("meanSeconds", poisson.meanSeconds());
            model.put("patienceSeconds", poisson.patienceSeconds());
        }
        model.put("holdOffMillis", config.holdOffMillis());
        model.put("startUpMillis", config.startUpMillis());
        model.put("memoryBytesPerWorker", config.memoryBytesPerWorker());
        model.put("offerUnderused", config.offerUnderused());
        return model;
    }

    private static void writeJobs(JobSchedule schedule, CsvBytes out) throws IOException {
        out.text("job,submit,start,end,procs,backfilled,slowdown\n");
        for (int job = 0; job < schedule.size(); job++) {
            out.number(schedule.job(job));
            out.separator(',');
            out.number(schedule.submitSeconds(job));
            out.separator(',');
            out.number(schedule.startSeconds(job));
            out.separator(',');
            out.number(schedule.endSeconds(job));
            out.separator(',');
            out.number(schedule.cores(job));
            out.separator(',');
            out.number(schedule.backfilled(job) ? 1 : 0);
            out.separator(',');
            out.quotient(schedule.slowdownSeconds(job), schedule.slowdownUnitSeconds(job));
            out.separator('\n');
        }
    }

    private static void writeUtilization(SimulationResult result, CsvBytes out) throws IOException {
        out.text("second,job_cores,allocated_cores,offered_cores,leased_cores,harvested_cores\n");
        for (UtilizationRow row : result.utilization()) {
            out.number(row.second());
            out.separator(',');
            out.decimal(row.jobCores());
            out.separator(',');
            out.decimal(row.allocatedCores());
            out.separator(',');
            out.decimal(row.offeredCores());
            out.separator(',');
            out.decimal(row.leasedCores());
            out.separator(',');
            out.decimal(row.harvestedCores());
            out.separator('\n');
        }
    }
}
