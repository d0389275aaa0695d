package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The unit cases of the Pyss simulator: 100 processors, and the whole part of a job's id is the
 * time at which it must end.
 */
class PyssCasesTest {
    private static final int CASES = 29;

    static Stream<Arguments> cases() {
        return Stream.of(
                        config(Scheduler.FCFS),
                        config(Scheduler.EASY),
                        config(Scheduler.EASY).with(EasySemantics.PER_INSTANT))
                .flatMap(config ->
                        Stream.iterate(0, n -> n + 1)
                                .limit(CASES)
                                .map(n -> Arguments.of(config, n)));
    }

    private static BatchConfig config(Scheduler scheduler) {
        return new BatchConfig(scheduler, Estimates.USER, Allocation.CORES);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void endsEveryJobWhenItsIdSays(BatchConfig config, int number) throws IOException {
        Path file = SharedData.require("oracle/pyss-basic/basic_input." + number);
        List<long[]> jobs = new ArrayList<>();
        List<Long> ends = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] fields = line.strip().split("\\s+", -1);
                long submit = Long.parseLong(fields[0]);
                ends.add((long) Double.parseDouble(fields[1]));
                jobs.add(
                        Tables.job(
                                submit,
                                -1,
                                Long.parseLong(fields[4]),
                                Long.parseLong(fields[3]),
                                Long.parseLong(fields[2])));
            }
        }
        assertThat(jobs).isNotEmpty();

        JobSchedule schedule =
                Simulation.run(
                                new SimulationConfig(
                                                Tables.of(jobs.toArray(long[][]::new)),
                                                ClusterSpec.of(100, 1))
                                        .with(FunctionConfig.NONE)
                                        .with(config))
                        .schedule();

        List<Long> found = new ArrayList<>(ends);
        for (int job = 0; job < schedule.size(); job++) {
            found.set(schedule.row(job), schedule.endSeconds(job));
        }
        assertThat(found).isEqualTo(ends);
    }
}
