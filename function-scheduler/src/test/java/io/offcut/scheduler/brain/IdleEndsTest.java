package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is known of a node from outside limits its offers and the leases cut from them. */
class IdleEndsTest {
    private static final long MINUTE = 60_000;
    private static final Wish HOUR = Wish.of(1).ttl(60 * MINUTE);

    private final BrainFixture f = new BrainFixture();

    private IdleEnd plan(long inMillis) {
        return new IdleEnd(f.now + inMillis, IdleEnd.Why.PLAN, "4711");
    }

    private IdleEnd reservation(long inMillis) {
        return new IdleEnd(f.now + inMillis, IdleEnd.Why.RESERVATION, "maint");
    }

    private IdleEnd history(long inMillis) {
        return new IdleEnd(f.now + inMillis, IdleEnd.Why.HISTORY, "");
    }

    private void expect(IdleEnd... ends) {
        f.apply(new BrainEvent.IdleEndsExpected("n", List.of(ends)));
    }

    private void up() {
        f.up("n", offer("o1", "0-3", 8 * GIB));
    }

    @Test
    void aLeaseEndsWhenTheNodeIsPlannedToBeUsed() {
        up();
        expect(plan(12 * MINUTE));

        assertThat(f.lease("r1", "ada", HOUR).expiresAtEpochMillis())
                .isEqualTo(f.now + 12 * MINUTE);
    }

    @Test
    void theEarliestEndCounts() {
        f.up("n", offer("o1", "0-3", 8 * GIB, f.now + 10 * MINUTE));
        expect(plan(12 * MINUTE), reservation(7 * MINUTE), history(8 * MINUTE));

        assertThat(f.lease("r1", "ada", HOUR).expiresAtEpochMillis()).isEqualTo(f.now + 7 * MINUTE);
    }

    @Test
    void aNodeThatConnectsLaterIsLimitedToo() {
        expect(plan(12 * MINUTE));
        up();

        assertThat(f.nodeView("n").ends()).containsEntry("o1", plan(12 * MINUTE));
        assertThat(f.nodeView("n").offers())
                .extracting(Offer::untilEpochMillis)
                .containsExactly(f.now + 12 * MINUTE);
    }

    @Test
    void theNodesOwnWordIsShownAsSuch() {
        f.up("n", offer("o1", "0-3", 8 * GIB, f.now + MINUTE), offer("o2", "4-5", GIB));

        assertThat(f.nodeView("n").ends())
                .containsOnlyKeys("o1")
                .containsEntry("o1", new IdleEnd(f.now + MINUTE, IdleEnd.Why.NODE, ""));
    }

    @Test
    void placesWhereIdlenessLastsLongerByThePlan() {
        f.up("m", offer("o1", "0-7", 8 * GIB));
        up();
        expect(plan(2 * MINUTE));

        assertThat(f.lease("r1", "ada", Wish.of(4)).nodeName()).isEqualTo("m");
    }

    @Test
    void whatARunningJobLeavesUnusedEndsWithAReservationAndNotWithAPendingJob() {
        Offer underused =
                new Offer(
                        "o1",
                        CpuSet.parse("0-3"),
                        8 * GIB,
                        Offer.Reason.UNDERUSED,
                        f.now + 50 * MINUTE);
        f.up("n", underused);
        expect(plan(5 * MINUTE), history(2 * MINUTE));
        assertThat(f.nodeView("n").offers()).containsExactly(underused);

        expect(plan(5 * MINUTE), reservation(20 * MINUTE));
        assertThat(f.nodeView("n").ends()).containsEntry("o1", reservation(20 * MINUTE));
    }

    @Test
    void anEarlierPlanReclaimsAtItsTimeWhatOutlivesIt() {
        up();
        LeaseTerms terms = f.lease("r1", "ada", HOUR.queue(0));
        f.opened(terms);

        expect(plan(5 * MINUTE));
        assertThat(f.leaseView(terms).expiresAtEpochMillis()).isEqualTo(f.now + 5 * MINUTE);
        assertThat(f.told("n")).isEmpty();
        f.advance(5 * MINUTE);

        assertThat(f.told("n"))
                .contains(new SchedulerMessage.EndLease(terms.leaseId(), EndReason.RECLAIMED));
    }

    @Test
    void aLaterPlanGivesALeaseTheRestOfItsOwnTime() {
        up();
        expect(plan(5 * MINUTE));
        LeaseTerms terms = f.lease("r1", "ada", Wish.of(1).ttl(8 * MINUTE));

        expect(plan(30 * MINUTE));

        assertThat(f.told("n"))
                .containsExactly(
                        new SchedulerMessage.ExtendLease(terms.leaseId(), f.now + 8 * MINUTE));
    }

    @Test
    void aRenewalNeverGoesBeyondThePlan() {
        up();
        expect(plan(10 * MINUTE));
        LeaseTerms terms = f.lease("r1", "ada", Wish.of(1).ttl(6 * MINUTE));
        f.opened(terms);
        f.advance(5 * MINUTE);

        f.apply(new BrainEvent.RequestRenewed("r1"));

        assertThat(f.leaseView(terms).expiresAtEpochMillis()).isEqualTo(f.now + 5 * MINUTE);
    }

    @Test
    void nothingIsPlacedWhereAJobIsDueUntilItIsClearThatItDoesNotCome() {
        up();
        expect(plan(MINUTE));
        f.advance(MINUTE);
        f.request("r1", "ada", Wish.of(1).ttl(10 * MINUTE).queue(10 * MINUTE));
        assertThat(f.granted()).isEmpty();

        f.advance(2 * MINUTE - 1);
        assertThat(f.granted()).isEmpty();
        f.advance(1);

        assertThat(f.granted()).hasSize(1);
        assertThat(f.nodeView("n").ends()).isEmpty();
    }

    @Test
    void aGuessThatDidNotComeTrueIsForgottenAtOnce() {
        up();
        expect(history(MINUTE), reservation(60 * MINUTE));
        f.advance(MINUTE);

        assertThat(f.nodeView("n").ends().get("o1"))
                .extracting(IdleEnd::why)
                .isEqualTo(IdleEnd.Why.RESERVATION);
    }

    @Test
    void nothingExpectedLeavesTheOfferAsTheNodeSaidIt() {
        up();
        expect(plan(MINUTE));
        expect();

        assertThat(f.nodeView("n").ends()).isEmpty();
        assertThat(f.lease("r1", "ada", HOUR).expiresAtEpochMillis())
                .isEqualTo(f.now + 60 * MINUTE);
    }
}
