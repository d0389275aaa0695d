package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static io.offcut.scheduler.brain.BrainFixture.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.SchedulerMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdoptionTest {
    private static final Offer FOUR_CORES = offer("o1", "0-3", 8 * GIB);

    private final BrainFixture f = new BrainFixture();

    @Test
    void adoptsWhatANodeRunsForAnEarlierScheduler() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(FOUR_CORES), List.of(running(old)));

        RequestView request = f.view("r7");
        assertThat(request.user()).isEqualTo("ada");
        assertThat(request.bundle()).isEqualTo(Wish.BUNDLE);
        assertThat(request.workers()).isEqualTo(2);
        assertThat(f.leaseView(old).state()).isEqualTo(LeaseState.ACTIVE);
        assertThat(f.nodeView("a").leasedCores()).isEqualTo(2);
        f.request("r8", "bob", Wish.of(4));
        assertThat(f.granted()).extracting(LeaseTerms::cores).containsExactly(CpuSet.of(2, 3));
    }

    @Test
    void anAdoptedRequestLivesByRenewal() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(FOUR_CORES), List.of(running(old)));

        f.advance(15_000);
        f.apply(new BrainEvent.RequestRenewed("r7"));
        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.ExtendLease("old-7", f.now + 30_000));
        f.advance(30_000);
        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.EXPIRED));
        assertThat(f.requestEnds()).hasSize(1);
    }

    @Test
    void leasesOfOneRequestOnSeveralNodesComeTogether() {
        f.up("a", List.of(FOUR_CORES), List.of(running(old("old-7", "r7", "0-1"))));
        LeaseTerms other =
                new LeaseTerms(
                        "old-8",
                        "r7",
                        "ada",
                        "b",
                        "o1",
                        Wish.BUNDLE,
                        CpuSet.of(0),
                        GIB,
                        4096,
                        0,
                        f.now + 20_000);
        f.up("b", List.of(FOUR_CORES), List.of(running(other)));

        assertThat(f.view("r7").workers()).isEqualTo(3);
        assertThat(f.view("r7").leases()).hasSize(2);
        f.apply(new BrainEvent.RequestReleased("r7"));
        assertThat(f.told("a")).hasSize(1);
        assertThat(f.told("b")).hasSize(1);
    }

    @Test
    void anAdoptedLeaseThatEndedIsNotAdoptedAgain() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(FOUR_CORES), List.of(running(old)));
        f.nodeEnded(old, EndReason.RELEASED);

        f.up("a", List.of(FOUR_CORES), List.of(running(old)));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.REVOKED));
        assertThat(f.view("r7").endReason()).isEqualTo(EndReason.RELEASED);
    }

    @Test
    void oneOfSeveralAdoptedLeasesThatEndedIsNotAdoptedAgain() {
        LeaseTerms first = old("old-7", "r7", "0");
        LeaseTerms second = old("old-8", "r7", "1");
        f.up("a", List.of(FOUR_CORES), List.of(running(first), running(second)));
        f.nodeEnded(first, EndReason.RELEASED);

        f.opened(first);

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.REVOKED));
    }

    @Test
    void anAdoptedRequestThatIsForgottenIsNotAdoptedAgain() {
        LeaseTerms old = old("old-7", "r7", "0").withExpiry(f.now + 200_000);
        f.up("a", List.of(FOUR_CORES), List.of(running(old)));
        f.nodeEnded(old, EndReason.RELEASED);
        f.advance(60_000);
        assertThat(f.brain.request("r7")).isNull();

        f.opened(old("old-9", "r7", "1"));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-9", EndReason.REVOKED));
        assertThat(f.brain.request("r7")).isNull();
    }

    @Test
    void aLeaseOfARequestThatEndedHereMustEnd() {
        f.up("a", List.of(FOUR_CORES), List.of(running(old("old-7", "r7", "0-1"))));
        f.apply(new BrainEvent.RequestReleased("r7"));
        LeaseTerms late = old("old-8", "r7", "2");

        f.opened(late);

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-8", EndReason.REVOKED));
    }

    @Test
    void aLeaseThatNeverWasOursMustEndThoughItLooksSo() {
        f.up("a", List.of(FOUR_CORES), List.of(running(old("e1-99", "r7", "0-1"))));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("e1-99", EndReason.REVOKED));
        assertThat(f.brain.request("r7")).isNull();
        f.request("r8", "bob", Wish.of(4));
        assertThat(f.granted()).extracting(LeaseTerms::cores).containsExactly(CpuSet.of(2, 3));
    }

    @Test
    void whatAJobTakesBackWhileTheSchedulerStartsIsAccountedOnce() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(offer("o1", "2-3", 8 * GIB)), List.of(revoking(old, 70)));
        assertThat(f.brain.request("r7")).isNull();
        assertThat(f.leaseEnds()).isEmpty();

        f.report(new LeaseReport(old, LeaseState.ENDED, EndReason.RECLAIMED, used(80)));

        assertThat(f.leaseEnds())
                .singleElement()
                .satisfies(end -> {
                    assertThat(end.terms()).isEqualTo(old);
                    assertThat(end.reason()).isEqualTo(EndReason.RECLAIMED);
                    assertThat(end.usage()).isEqualTo(used(80));
                });
        f.up(
                "a",
                List.of(FOUR_CORES),
                List.of(new LeaseReport(old, LeaseState.ENDED, EndReason.RECLAIMED, used(80))));
        f.advance(59_000);
        f.nodeEnded(old, EndReason.RECLAIMED);
        assertThat(f.leaseEnds()).isEmpty();
    }

    @Test
    void theCoresOfWhatIsTakenBackAreHeldUntilItIsGone() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(FOUR_CORES), List.of(revoking(old, 70)));

        f.request("r8", "bob", Wish.of(4));
        assertThat(f.granted()).extracting(LeaseTerms::cores).containsExactly(CpuSet.of(2, 3));
        f.nodeEnded(old, EndReason.RECLAIMED);
        assertThat(f.granted()).extracting(LeaseTerms::cores).containsExactly(CpuSet.of(0, 1));
    }

    @Test
    void whatIsTakenBackIsAccountedWhenItsNodeIsLost() {
        LeaseTerms old = old("old-7", "r7", "0-1");
        f.up("a", List.of(FOUR_CORES), List.of(revoking(old, 70)));

        f.silence("a");
        f.advance(4_000);

        assertThat(f.commands)
                .filteredOn(BrainCommand.LeaseEnded.class::isInstance)
                .singleElement()
                .isInstanceOfSatisfying(
                        BrainCommand.LeaseEnded.class,
                        end -> assertThat(end.usage()).isEqualTo(used(70)));
    }

    @Test
    void whatEndedWhileNoSchedulerRanIsAccountedOnce() {
        LeaseReport over =
                new LeaseReport(
                        old("old-7", "r7", "0-1"), LeaseState.ENDED, EndReason.RELEASED, used(80));

        f.up("a", List.of(FOUR_CORES), List.of(over));

        assertThat(f.leaseEnds())
                .singleElement()
                .satisfies(end -> {
                    assertThat(end.usage()).isEqualTo(used(80));
                    assertThat(end.endedAtMillis() - end.grantedAtMillis()).isEqualTo(80);
                });
        f.up("a", List.of(FOUR_CORES), List.of(over));
        assertThat(f.leaseEnds()).isEmpty();
    }

    @Test
    void whatItsNodeRefusedIsNotAccounted() {
        f.up(
                "a",
                List.of(FOUR_CORES),
                List.of(BrainFixture.ended(old("old-7", "r7", "0-1"), EndReason.REFUSED)));

        assertThat(f.leaseEnds()).isEmpty();
    }

    private static LeaseReport revoking(LeaseTerms terms, long usedMicros) {
        return new LeaseReport(terms, LeaseState.REVOKING, null, used(usedMicros));
    }

    private static LeaseUsage used(long amount) {
        return new LeaseUsage(amount, amount, amount, amount, amount);
    }

    @Test
    void anExpiredLeaseMustEnd() {
        LeaseTerms old = old("old-7", "r7", "0-1").withExpiry(f.now);
        f.up("a", List.of(FOUR_CORES), List.of(running(old)));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.EXPIRED));
    }

    @Test
    void aLeaseOpenedLateOnCoresGrantedAnewMustEnd() {
        f.up("a", FOUR_CORES);
        LeaseTerms fresh = f.lease("r1", "bob", Wish.of(4));
        LeaseTerms old = old("old-7", "r7", "0-1");

        f.opened(old);

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.REVOKED));
        assertThat(f.leaseView(fresh).state()).isEqualTo(LeaseState.GRANTED);
    }

    @Test
    void aLeaseOutsideEveryOfferMustEnd() {
        f.up("a", List.of(FOUR_CORES), List.of(running(old("old-7", "r7", "3-4"))));

        assertThat(f.told("a")).hasSize(1);
        assertThat(f.brain.request("r7")).isNull();
    }

    @Test
    void aReportCannotAddToSomebodyElsesRequest() {
        f.up("a", FOUR_CORES);
        f.request("r7", "bob", Wish.of(1));

        f.opened(old("old-7", "r7", "2-3"));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease("old-7", EndReason.REVOKED));
        assertThat(f.view("r7").workers()).isEqualTo(1);
    }

    private LeaseTerms old(String leaseId, String requestId, String cores) {
        return new LeaseTerms(
                leaseId,
                requestId,
                "ada",
                "a",
                "o1",
                Wish.BUNDLE,
                CpuSet.parse(cores),
                2 * GIB,
                4096,
                0,
                f.now + 20_000);
    }
}
