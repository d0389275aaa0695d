package io.offcut.cli.pilot;

import io.offcut.cli.ThisProgram;
import io.offcut.slurm.SlurmCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a pilot job asks Slurm for, and what it runs.
 *
 * @param partition where it waits
 * @param cores of a node; 0 for whole nodes
 * @param memoryBytes with {@code cores}; 0 for what the site gives by default
 * @param grace how long before its end it leaves
 * @param logs folder of its output
 * @param options more options of sbatch
 * @param daemon the command line of the daemon; no secret is in it
 */
public record PilotSpec(
        String partition,
        int cores,
        long memoryBytes,
        Duration grace,
        Path logs,
        List<String> options,
        List<String> daemon) {
    /** Own jobs of the user are to come first, and among pilots the longer ones. */
    private static final int NICE = 1000;

    public PilotSpec {
        options = List.copyOf(options);
        daemon = List.copyOf(daemon);
    }

    /** A queue in which pilots are as this says. */
    public PilotQueue queue(SlurmCommands slurm) {
        return new PilotQueue() {
            @Override
            public List<io.offcut.slurm.QueuedJob> jobs() {
                return PilotQueue.of(slurm, partition);
            }

            @Override
            public String submit(Duration length, Duration delay) {
                return slurm.submit(script(), arguments(length, delay));
            }
        };
    }

    List<String> arguments(Duration length, Duration delay) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "--job-name=" + PilotQueue.JOB_NAME,
                                "--partition=" + partition,
                                "--nodes=1",
                                "--ntasks=1",
                                "--time=" + Math.max(1, length.toMinutes()),
                                // To the step, where the daemon is.
                                "--signal=TERM@" + grace.toSeconds(),
                                "--no-requeue",
                                "--nice=" + nice(length),
                                "--chdir=/",
                                "--output=" + logs.resolve("%j.log"),
                                "--open-mode=truncate",
                                // The user's environment may hold secrets.
                                "--export=HOME,PATH,SLURM_CONF"));
        if (cores == 0) {
            arguments.addAll(List.of("--exclusive", "--mem=0"));
        } else {
            arguments.add("--cpus-per-task=" + cores);
            if (memoryBytes > 0) {
                arguments.add("--mem=" + (memoryBytes >> 20) + "M");
            }
        }
        if (!delay.isZero()) {
            arguments.add("--begin=now+" + delay.toSeconds());
        }
        arguments.addAll(options);
        return arguments;
    }

    private static long nice(Duration length) {
        return NICE + Math.max(0, NICE - length.toMinutes());
    }

    /**
     * The daemon runs in a step: when the job is preempted, Slurm tells steps at once and the batch
     * script only at the end of the grace time. A Java that was told to end says so by 143, which
     * is no failure.
     */
    String script() {
        return "srun --overlap --ntasks=1 --cpus-per-task=$SLURM_CPUS_ON_NODE --input=none "
                + ThisProgram.shell(daemon)
                + "; code=$?; [ $code = 143 ] && code=0; exit $code";
    }
}
