package io.offcut.traces.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.testing.SharedData;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.idle.IdleStatistics.Percentile;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class IdleStatisticsTest {
    @Test
    void turnsSamplesIntoIntervals() {
        IdleRecord record =
                IdleRecord.read(
                        IdleSampleReaderTest.reader(
                                """
                                10,a,idle
                                20,a,idle
                                20,b,idle
                                31,b,idle
                                40,a,idle
                                40,b,idle
                                """));

        assertThat(record.intervals())
                .containsExactly(
                        new IdleInterval(0, 0, 2),
                        new IdleInterval(1, 1, 4),
                        new IdleInterval(0, 3, 4));
        assertThat(record.idleSamples()).isEqualTo(6);
        assertThat(record.meanGapMillis()).isEqualTo(10_000);
        assertThat(record.medianGapMillis()).isEqualTo(10_000);

        IdleStatistics facts = IdleStatistics.of(record);
        assertThat(facts.intervals()).isEqualTo(1);
        assertThat(facts.percentileSeconds()).contains(new Percentile(50, 20));
        assertThat(facts.meanIdleNodes()).isEqualTo(1.5);
        assertThat(facts.longestGapSeconds()).isEqualTo(11);
    }

    @Test
    void saysNothingOfLengthsWhereNoIntervalEnded() {
        IdleStatistics facts =
                IdleStatistics.of(
                        IdleRecord.read(IdleSampleReaderTest.reader("1,,\n2,,\n3,a,idle")));

        assertThat(facts.intervals()).isZero();
        assertThat(facts.percentileSeconds()).isEmpty();
        assertThat(facts.lengths()).isEmpty();
        assertThat(facts.samplesWithoutIdle()).isEqualTo(2);
    }

    /** As printed by the notebooks of HPC-Whisk's authors, and counted from them. */
    @Test
    void findsWhatIsKnownOfPrometheus() {
        IdleRecord record =
                IdleRecord.read(SharedData.require("idle/17_03_2022_idle_nodes.txt.gz"));
        IdleStatistics facts = IdleStatistics.of(record);

        assertThat(record.complaints().located()).isEmpty();
        assertThat(facts.samples()).isEqualTo(8057);
        assertThat(facts.meanIdleNodes()).isEqualTo(11.85354350254437);
        assertThat(facts.medianIdleNodes()).isEqualTo(11);
        assertThat(facts.pilotShare()).isEqualTo(.8997005361031999);
        assertThat(facts.samplesWithoutPilot()).isEqualTo(112);
        assertThat((double) facts.samplesWithoutIdle() / facts.samples())
                .isEqualTo(.006329899466302594);
        assertThat(facts.percentileSeconds())
                .containsExactly(
                        new Percentile(10, 21),
                        new Percentile(25, 53),
                        new Percentile(50, 129),
                        new Percentile(75, 489),
                        new Percentile(90, 1910));
        assertThat(percent(facts, 60)).containsExactly("26", "1.1");
        assertThat(percent(facts, 300)).containsExactly("69", "10.3");
    }

    private static String[] percent(IdleStatistics facts, int seconds) {
        IdleStatistics.Below below =
                facts.lengths().stream()
                        .filter(length -> length.seconds() == seconds)
                        .findFirst()
                        .orElseThrow();
        return new String[] {
            String.format("%.0f", 100 * below.share()),
            String.format("%.1f", 100 * below.surfaceShare())
        };
    }

    /** As printed by the notebook of the authors; the sum of so many doubles varies in the end. */
    @Test
    void findsWhatIsKnownOfPizDaint() {
        var file = SharedData.require("idle/daint_utilization_sorted.csv.gz");
        assertThat(UtilizationRecord.isOne(file)).isTrue();
        UtilizationRecord record = UtilizationRecord.read(file);
        Offset<Double> rounding = within(1e-12);

        assertThat(record.complaints().located()).isEmpty();
        assertThat(record.samples()).isEqualTo(11_624);
        SortedValues cpus = record.idleCpuPercent();
        assertThat(cpus.min()).isEqualTo(.23317112733171, rounding);
        assertThat(cpus.max()).isEqualTo(36.27022598484331, rounding);
        assertThat(cpus.mean()).isEqualTo(6.6460580977028485, rounding);
        assertThat(cpus.quantile(.5)).isEqualTo(3.45525429964254, rounding);
        assertThat(cpus.quantile(.95)).isEqualTo(24.170597493364703, rounding);
        assertThat(IntStream.of(5, 10, 15, 20, 25).map(cpus::countAbove))
                .containsExactly(4369, 2501, 1686, 1011, 517);
        SortedValues memory = record.freeMemoryPercent();
        assertThat(memory.mean()).isEqualTo(80.55234561246459, rounding);
        assertThat(memory.quantile(.5)).isEqualTo(81.8426119268806, rounding);
        assertThat(memory.min()).isEqualTo(64.09011056547783, rounding);
        assertThat(memory.quantile(.75)).isEqualTo(83.7358926042681, rounding);
        assertThat(memory.countAbove(75)).isEqualTo(10_261);
        assertThat(record.freeMemoryOfAllocatedPercent().mean()).isEqualTo(75.3, within(.05));
        SortedValues nodes = record.idleNodes();
        assertThat(nodes.min()).isEqualTo(13);
        assertThat(nodes.max()).isEqualTo(3084);
        assertThat(nodes.quantile(.5)).isEqualTo(252);
        assertThat(nodes.mean()).isEqualTo(409.53398141775637);
        assertThat(nodes.sum()).isEqualTo(4_760_423);
    }

    @Test
    void findsColumnsByNameAndLeavesOutRowsThatAreWrong() {
        UtilizationRecord record =
                utilization(
                        """
                        total_nodes,idle_nodes,more,free_mem,partially_free_mem,idle_cpus,date
                        10,1,x,0.1,0.5,0.25,a
                        10,two,x,0.1,0.5,0.25,b
                        10,2
                        10,3,x,0.1,0.5,-1,c
                        10,3,x,0.1,0.6,0.75,d
                        """);

        assertThat(record.samples()).isEqualTo(2);
        assertThat(record.firstDate()).isEqualTo("a");
        assertThat(record.lastDate()).isEqualTo("d");
        assertThat(record.idleCpuPercent().mean()).isEqualTo(50);
        assertThat(record.idleNodes().mean()).isEqualTo(2);
        assertThat(record.complaints().counts())
                .containsEntry(Kind.NOT_A_NUMBER, 2L)
                .containsEntry(Kind.NOT_A_RECORD, 1L);
        assertThatThrownBy(() -> utilization("date,idle_cpus\n"))
                .hasMessageStartingWith("the test, line 1: no column partially_free_mem;");
    }

    private static UtilizationRecord utilization(String text) {
        return UtilizationRecord.read(
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "the test");
    }
}
