package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.PlannedStart;
import io.offcut.slurm.SlurmReservation;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanRecordsTest {
    @Test
    void readsWhenAndWhereAJobIsExpectedToStart() {
        assertThat(PlanRecords.parseStart("9|2026-11-27T01:37:00|n[1-3]"))
                .isEqualTo(
                        new PlannedStart(
                                "9",
                                Instant.parse("2026-11-27T01:37:00Z"),
                                List.of("n1", "n2", "n3")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5|N/A|(null)",
                "8|2026-11-26T21:01:27|(null)",
                "8|2026-11-26T21:01:27|",
                "8|Unknown|n1",
                "8|2026-11-26T21:01:27|n[1",
                "8|2026-11-26T21:01:27|n1|n2",
                "08|2026-11-26T21:01:27|n1",
                "slurm_load_jobs error: Unable to contact slurm controller",
                "",
            })
    void whatIsNotUnderstoodIsNoPlan(String line) {
        assertThat(PlanRecords.parseStart(line)).isNull();
    }

    @Test
    void readsAReservation() {
        assertThat(
                        PlanRecords.parseReservation(
                                "ReservationName=maint1 StartTime=2026-11-26T21:11:27"
                                        + " EndTime=2026-11-26T21:41:27 Duration=00:30:00"
                                        + " Nodes=n[3,5] NodeCnt=2 CoreCnt=8 Features=(null)"
                                        + " PartitionName=(null) Flags=MAINT,SPEC_NODES TRES=cpu=8"
                                        + " Users=root State=INACTIVE MaxStartDelay=(null)"))
                .isEqualTo(
                        new SlurmReservation(
                                "maint1",
                                Instant.parse("2026-11-26T21:11:27Z"),
                                Instant.parse("2026-11-26T21:41:27Z"),
                                Set.of("MAINT", "SPEC_NODES"),
                                List.of("n3", "n5")));
    }

    @Test
    void aReservationOfLicencesHasNoNodes() {
        assertThat(
                        PlanRecords.parseReservation(
                                "ReservationName=lic StartTime=2026-11-26T21:11:27"
                                        + " EndTime=2026-11-26T21:41:27 Nodes=(null) Flags=ANY_NODES"))
                .isNotNull()
                .satisfies(reservation -> assertThat(reservation.nodes()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "No reservations in the system",
                "ReservationName=x StartTime=Unknown EndTime=2026-11-26T21:41:27 Nodes=n1",
                "",
            })
    void whatIsNoReservationIsPassedOver(String line) {
        assertThat(PlanRecords.parseReservation(line)).isNull();
    }
}
