package io.offcut.cli.trace;

import io.offcut.cli.Quantities;
import io.offcut.cli.output.Choice;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.MemoryModel;
import io.offcut.traces.SwfLog;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace generate jobs}. */
@Command(
        name = "jobs",
        showDefaultValues = true,
        sortOptions = false,
        description =
                "Makes a synthetic job log after Lublin and Feitelson (2003); one seed, one log.",
        footer = {
            "",
            "Example:",
            "  offcut trace generate jobs --jobs 5000 --procs 512 --nodes 16 --out made.swf"
        })
final class GenerateJobsCommand implements Callable<Integer> {
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

    @Option(
            names = "--memory",
            paramLabel = "gaia|piz-daint",
            defaultValue = "gaia",
            description =
                    "Memory that jobs use: as measured on UniLu-Gaia, or, of nodes of"
                            + " --memory-per-core, the share in use on Piz Daint.")
    private String memory = "";

    @Option(
            names = "--memory-per-core",
            paramLabel = "SIZE",
            defaultValue = "4G",
            converter = Quantities.Bytes.class,
            description = "Memory of a node over its cores, for piz-daint.")
    private long memoryPerCore;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed.")
    private long seed;

    @Mixin private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        SwfLog log = JobTraceGenerator.generate(model(), seed);
        output.write(log, Specs.out(spec), "");
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
                    JobTraceModel.SAMPLE_256.unixStartTimeSeconds(),
                    memoryModel());
        } catch (IllegalArgumentException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private MemoryModel memoryModel() {
        return switch (Choice.of("--memory", Memory.class, memory)) {
            case GAIA -> MemoryModel.GAIA;
            case PIZ_DAINT -> MemoryModel.pizDaint(memoryPerCore >> 10);
        };
    }

    private enum Memory {
        GAIA,
        PIZ_DAINT
    }
}
