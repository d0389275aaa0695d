package io.offcut.cli.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.output.Choice;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code offcut trace}: job logs looked at and made. */
@Command(
        name = "trace",
        description = "Looks at job logs and makes synthetic ones.",
        subcommands = {
            TraceCommand.Info.class,
            TraceIdleCommand.class,
            TraceCommand.Generate.class
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace info site.swf.gz",
            "  offcut trace generate --jobs 5000 --procs 512 --nodes 16 --out made.swf.gz"
        })
public final class TraceCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        require(spec).commandLine().usage(require(spec).commandLine().getOut());
    }

    private static CommandSpec require(@Nullable CommandSpec spec) {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        return spec;
    }

    /** {@code offcut trace info}. */
    @Command(
            name = "info",
            description = "Says what is in a job log.",
            footer = {"", "Example:", "  offcut trace info sample"})
    static final class Info implements Callable<Integer> {
        /** How the facts are printed. */
        enum Format {
            TABLE,
            JSON
        }

        @Spec private @Nullable CommandSpec spec;

        @Parameters(paramLabel = "LOG", description = "Job log, or 'sample'.")
        private String log = "";

        @Option(
                names = "--format",
                paramLabel = "table|json",
                defaultValue = "table",
                showDefaultValue = Help.Visibility.ALWAYS,
                description = "For people or for scripts.")
        private String format = "";

        @Override
        public Integer call() {
            Format shown = Choice.of("--format", Format.class, format);
            SwfLog swf = LogFiles.read(log);
            Map<String, Object> facts = facts(swf);
            PrintWriter out = require(spec).commandLine().getOut();
            if (shown == Format.JSON) {
                out.println(json(facts));
            } else {
                facts.forEach((name, value) -> out.printf("%-26s %s%n", name, value));
                swf.complaints().located().forEach(complaint -> out.println("  " + complaint));
            }
            out.flush();
            return 0;
        }

        private Map<String, Object> facts(SwfLog swf) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("log", log);
            put(facts, "maxProcs", swf.header().maxProcs());
            put(facts, "maxNodes", swf.header().maxNodes());
            put(facts, "unixStartTime", swf.header().unixStartTimeSeconds());
            JobFacts.of(swf.jobs()).addTo(facts);
            facts.put("complaints", swf.complaints().total());
            facts.put("linesLeftOut", swf.complaints().droppedLines());
            return facts;
        }

        private static void put(Map<String, Object> facts, String name, OptionalLong value) {
            value.ifPresent(number -> facts.put(name, number));
        }

        private static String json(Map<String, Object> facts) {
            try {
                return new ObjectMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(facts);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("cannot write " + facts, e);
            }
        }
    }

    /** Sums over all jobs. */
    private record JobFacts(
            int jobs,
            long firstSubmit,
            long lastSubmit,
            int withoutWait,
            int withoutRequestedTime,
            int withoutMemory,
            int largest,
            double coreHours) {
        static JobFacts of(JobTable jobs) {
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            int noWait = 0;
            int noTime = 0;
            int noMemory = 0;
            int largest = 0;
            double coreSeconds = 0;
            for (int row = 0; row < jobs.size(); row++) {
                first = Math.min(first, jobs.submitSeconds(row));
                last = Math.max(last, jobs.submitSeconds(row));
                noWait += jobs.waitSeconds(row) < 0 ? 1 : 0;
                noTime += jobs.requestedSeconds(row) <= 0 ? 1 : 0;
                noMemory += jobs.usedMemoryKib(row) <= 0 ? 1 : 0;
                largest = Math.max(largest, jobs.procs(row));
                coreSeconds +=
                        (double) Math.max(0, jobs.procs(row)) * Math.max(0, jobs.runSeconds(row));
            }
            return new JobFacts(
                    jobs.size(),
                    first,
                    last,
                    noWait,
                    noTime,
                    noMemory,
                    largest,
                    coreSeconds / 3600);
        }

        void addTo(Map<String, Object> facts) {
            facts.put("jobs", jobs);
            if (jobs > 0) {
                facts.put("firstSubmitSeconds", firstSubmit);
                facts.put("lastSubmitSeconds", lastSubmit);
            }
            facts.put("jobsWithoutWait", withoutWait);
            facts.put("jobsWithoutRequestedTime", withoutRequestedTime);
            facts.put("jobsWithoutMemory", withoutMemory);
            facts.put("largestJobProcs", largest);
            facts.put("coreHours", Math.round(coreHours));
        }
    }

    /** {@code offcut trace generate}. */
    @Command(
            name = "generate",
            showDefaultValues = true,
            sortOptions = false,
            description =
                    "Makes a synthetic job log after Lublin and Feitelson (2003); one seed, one log.",
            footer = {
                "",
                "Example:",
                "  offcut trace generate --jobs 5000 --procs 512 --nodes 16 --out made.swf.gz"
            })
    static final class Generate implements Callable<Integer> {
        @Spec private @Nullable CommandSpec spec;

        @Option(
                names = "--jobs",
                paramLabel = "N",
                defaultValue = "2000",
                description = "How many jobs.")
        private int jobs;

        @Option(
                names = "--procs",
                paramLabel = "N",
                defaultValue = "256",
                description = "Cores of the machine.")
        private int procs;

        @Option(
                names = "--nodes",
                paramLabel = "N",
                defaultValue = "16",
                description = "Nodes; divides the cores.")
        private int nodes;

        @Option(
                names = "--load",
                paramLabel = "X",
                defaultValue = "0.72",
                description = "Core-seconds of all jobs over those of the machine meanwhile.")
        private double load;

        @Option(
                names = "--users",
                paramLabel = "N",
                defaultValue = "40",
                description = "How many users.")
        private int users;

        @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed.")
        private long seed;

        @Option(
                names = "--out",
                paramLabel = "FILE",
                description = "Where to write; compressed if it ends in .gz; stdout if not given.")
        private @Nullable Path out;

        @Override
        public Integer call() {
            SwfLog log = JobTraceGenerator.generate(model(), seed);
            try (OutputStream stream = stream()) {
                SwfWriter.write(stream, log.header(), log.jobs());
            } catch (IOException e) {
                throw new OffcutException(
                        ErrorCode.EXHAUSTED,
                        "cannot write the log to " + out + ": " + e.getMessage(),
                        e);
            }
            if (out != null) {
                PrintWriter text = require(spec).commandLine().getOut();
                text.printf("%s: %d jobs%n", out, log.jobs().size());
                text.flush();
            }
            return 0;
        }

        private JobTraceModel model() {
            try {
                return new JobTraceModel(
                        jobs,
                        procs,
                        nodes,
                        load,
                        users,
                        JobTraceModel.SAMPLE_256.unixStartTimeSeconds());
            } catch (IllegalArgumentException e) {
                throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
            }
        }

        private OutputStream stream() throws IOException {
            if (out == null) {
                return new Uncloseable(System.out);
            }
            OutputStream file = new BufferedOutputStream(Files.newOutputStream(out));
            return out.toString().endsWith(".gz") ? new GZIPOutputStream(file) : file;
        }
    }

    /** Stdout stays open for whoever comes next. */
    private static final class Uncloseable extends BufferedOutputStream {
        Uncloseable(OutputStream stream) {
            super(stream);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
