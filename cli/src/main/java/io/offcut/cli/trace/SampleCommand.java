package io.offcut.cli.trace;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfLog;
import io.offcut.traces.transform.JobSample;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace sample}. */
@Command(
        name = "sample",
        description = {
            "Makes a smaller log of whole weeks.",
            "They are drawn at random and kept in their order, so that bursts, days and weekends"
                    + " stay as they are; of whole days where log or sample are too short. Recorded"
                    + " waits behind a seam come from a queue that is no longer there: let a"
                    + " scheduler decide again."
        },
        footer = {
            "",
            "Example:",
            "  offcut trace sample site.swf.gz --days 28 --seed 7 --out month.swf.gz"
        })
final class SampleCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;
    @Mixin private InputOptions input = new InputOptions();
    @Mixin private OutputOptions output = new OutputOptions();

    @Option(names = "--days", paramLabel = "N", description = "So many days, in whole weeks.")
    private @Nullable Integer days;

    @Option(names = "--jobs", paramLabel = "N", description = "So many jobs; the last week is cut.")
    private @Nullable Integer jobs;

    @Option(names = "--fraction", paramLabel = "X", description = "This part of the weeks.")
    private @Nullable Double fraction;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Which weeks; one seed, one sample. Default: 1.")
    private long seed;

    @Override
    public Integer call() {
        if (Stream.of(days, jobs, fraction).filter(Objects::nonNull).count() != 1) {
            throw usage("give one of --days, --jobs and --fraction");
        }
        SwfLog log = input.read();
        LogFiles.warn(Specs.err(spec), input.log, log.complaints());
        SwfLog sample = sample(log);
        String words = sample.header().lines().getLast();
        output.write(sample, Specs.out(spec), ";" + words.replaceFirst("^ Note: Offcut", ""));
        return 0;
    }

    private SwfLog sample(SwfLog log) {
        if (days != null) {
            return JobSample.days(log, positive("--days", days), seed);
        } else if (jobs != null) {
            return JobSample.jobs(log, positive("--jobs", jobs), seed);
        }
        double part = fraction == null ? 0 : fraction;
        if (!(part > 0 && part <= 1)) {
            throw usage("--fraction is above 0 and at most 1; not " + part);
        }
        return JobSample.fraction(log, part, seed);
    }

    private static int positive(String option, int value) {
        if (value < 1) {
            throw usage(option + " is at least 1; not " + value);
        }
        return value;
    }

    private static OffcutException usage(String message) {
        return new OffcutException(ErrorCode.USAGE, message);
    }
}
