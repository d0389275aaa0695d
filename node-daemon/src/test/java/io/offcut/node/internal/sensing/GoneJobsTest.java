package io.offcut.node.internal.sensing;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GoneJobsTest {
    private final GoneJobs gone = new GoneJobs();

    private static JobShare job(String id, boolean seen) {
        return new JobShare(
                id,
                CpuSet.of(0),
                0,
                Offer.UNKNOWN_UNTIL,
                SharePolicy.EXCLUSIVE,
                seen ? new JobUse(0.5, 1) : JobUse.UNKNOWN);
    }

    private long asksIn(int looks, JobShare... jobs) {
        return IntStream.range(0, looks).filter(i -> gone.look(List.of(jobs))).count();
    }

    @Test
    void asksOnceForAJobWhoseGroupsHaveGone() {
        assertThat(asksIn(50, job("1", true), job("2", true))).isZero();
        assertThat(asksIn(9, job("1", false), job("2", true))).isZero();
        assertThat(asksIn(50, job("1", false), job("2", true))).isEqualTo(1);
    }

    @Test
    void asksForNoneThatNeverHadAny() {
        assertThat(asksIn(50, job("1", false))).isZero();
    }

    @Test
    void forgetsAJobThatHasEndedAndOneThatCameBack() {
        asksIn(1, job("1", true));
        asksIn(5, job("1", false));
        asksIn(1, job("1", true));
        assertThat(asksIn(9, job("1", false))).isZero();
        asksIn(1);
        assertThat(asksIn(50, job("1", false))).isZero();
    }
}
