package io.offcut.cli.trace;

import io.offcut.traces.SwfLog;
import io.offcut.traces.transform.JobAnonymizer;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace anonymize}. */
@Command(
        name = "anonymize",
        description = {
            "Takes names and free text out of a job log.",
            "Users, groups, executables, queues, partitions, jobs and nodes become numbers from 1;"
                    + " of the header only the machine's size and the start stay. Sizes and times"
                    + " of jobs stay: who knows a job may still find it."
        },
        footer = {
            "",
            "Example:",
            "  offcut trace anonymize jobs.txt --shift-times --out jobs.swf.gz"
        })
final class AnonymizeCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;
    @Mixin private InputOptions input = new InputOptions();
    @Mixin private OutputOptions output = new OutputOptions();

    @Option(
            names = "--shift-times",
            description =
                    "Takes dates out too: the log begins in the first week of 1970; weekdays and times"
                            + " of day stay.")
    private boolean shiftTimes;

    @Override
    public Integer call() {
        SwfLog log = input.read();
        LogFiles.warn(Specs.err(spec), input.log, log.complaints());
        output.write(JobAnonymizer.apply(log, shiftTimes), Specs.out(spec), "");
        return 0;
    }
}
