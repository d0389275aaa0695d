package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.SimulationResult.UtilizationRow;
import io.offcut.simulator.internal.report.Page;
import io.offcut.simulator.internal.report.ReportData;
import io.offcut.traces.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Results as files: {@code summary.json}, {@code jobs.csv}, {@code utilization.csv}, {@code
 * report.html} and, where the run's note has one, {@code scenario.json}, each whole or not at all;
 * the summary last. One result always gives the same bytes; fractions are rounded to six digits.
 */
public final class ResultWriter {
    private ResultWriter() {}

    /** Writes the files of a run of which nothing more is known, and no report. */
    public static void write(SimulationResult result, Path folder) {
        write(result, RunNote.NONE, false, folder);
    }

    /**
     * Writes the files into a folder, which is made if it is missing.
     *
     * @param report whether to write the report, which is a megabyte
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if they cannot be written
     */
    public static void write(SimulationResult result, RunNote note, boolean report, Path folder) {
        Spreads spreads = Spreads.of(result.schedule());
        String summary = Summary.json(result, note, spreads);
        try {
            Files.createDirectories(folder);
            forgetEarlier(folder);
            // What is not there was not simulated.
            if (result.functions() == null) {
                Files.deleteIfExists(folder.resolve("leases.csv"));
            }
            csv(folder.resolve("jobs.csv"), out -> writeJobs(result.schedule(), out));
            csv(folder.resolve("utilization.csv"), out -> writeUtilization(result, out));
            if (report) {
                ReportData data =
                        new ReportData(
                                result, summary, spreads.waitSeconds(), spreads.boundedSlowdowns());
                text(folder.resolve("report.html"), Page.html(data));
            }
            if (note.scenario() != null) {
                text(folder.resolve("scenario.json"), note.scenario());
            }
            text(folder.resolve("summary.json"), summary + "\n");
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
    }

    /**
     * Removes what says of an earlier run how it was and what came out, before the first file of
     * this one takes its place: what is there beside a summary is of the same run.
     */
    static void forgetEarlier(Path folder) throws IOException {
        for (String name : List.of("summary.json", "scenario.json", "report.html")) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    private static void text(Path file, String text) throws IOException {
        WholeFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes the rows of a file. */
    @FunctionalInterface
    private interface Rows {
        void into(CsvBytes out) throws IOException;
    }

    private static void csv(Path file, Rows rows) throws IOException {
        try (WholeFile whole = WholeFile.at(file)) {
            try (CsvBytes out = new CsvBytes(whole.out())) {
                rows.into(out);
            }
            whole.done();
        }
    }

    /** The configuration and all figures except those of single jobs and rows. */
    public static String summaryJson(SimulationResult result) {
        return summaryJson(result, RunNote.NONE);
    }

    /** What {@code summary.json} holds. */
    public static String summaryJson(SimulationResult result, RunNote note) {
        return Summary.json(result, note, Spreads.of(result.schedule()));
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
