package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import org.junit.jupiter.api.Test;

class RevocationTest {
    private final BrainFixture f = new BrainFixture();

    @Test
    void aShrunkenOfferEndsExactlyTheLeasesOnTheCoresThatLeft() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms low = f.lease("r1", "ada", Wish.of(2));
        LeaseTerms high = f.lease("r2", "bob", Wish.of(2));

        f.offers("a", offer("o1", "0-2", 8 * GIB));

        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(high.leaseId(), EndReason.RECLAIMED));
        assertThat(f.leaseView(low).state()).isEqualTo(LeaseState.GRANTED);
        assertThat(f.leaseView(high).state()).isEqualTo(LeaseState.REVOKING);
        f.request("r3", "eve", Wish.of(1));
        assertThat(f.granted()).isEmpty();
        f.nodeEnded(high, EndReason.RECLAIMED);
        assertThat(f.granted()).extracting(LeaseTerms::cores).containsExactly(CpuSet.of(2));
    }

    @Test
    void lessMemoryEndsTheLeasesOpenedLastAndUnopenedOnesFirst() {
        f.up("a", offer("o1", "0-3", 4 * GIB));
        LeaseTerms first = f.lease("r1", "ada", Wish.of(1));
        LeaseTerms second = f.lease("r2", "ada", Wish.of(1));
        LeaseTerms third = f.lease("r3", "ada", Wish.of(1));
        f.opened(third);
        f.opened(first);

        f.offers("a", offer("o1", "0-3", 2 * GIB));
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(second.leaseId(), EndReason.RECLAIMED));

        f.offers("a", offer("o1", "0-3", GIB));
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(first.leaseId(), EndReason.RECLAIMED));
    }

    @Test
    void ofLeasesThatNoLongerFitTheNodeSaysWhich() {
        f.up("a", offer("o1", "0-3", 4 * GIB));
        LeaseTerms first = f.lease("r1", "ada", Wish.of(1));
        LeaseTerms second = f.lease("r2", "ada", Wish.of(1));
        f.opened(first);
        f.opened(second);

        f.nodeEnds(first);
        f.offers("a", offer("o1", "0-3", GIB));

        assertThat(f.leaseView(first).state()).isEqualTo(LeaseState.REVOKING);
        assertThat(f.leaseView(second).state()).isEqualTo(LeaseState.ACTIVE);
        f.nodeEnded(first, EndReason.RECLAIMED);
        assertThat(f.leaseView(second).state()).isEqualTo(LeaseState.ACTIVE);
    }

    @Test
    void aWithdrawnOfferEndsAllItsLeases() {
        f.up("a", offer("o1", "0-1", 8 * GIB), offer("o2", "2-3", 8 * GIB));
        f.request("r1", "ada", Wish.of(4));
        LeaseTerms inFirst =
                f.granted().stream()
                        .filter(l -> l.offerId().equals("o1"))
                        .findFirst()
                        .orElseThrow();

        f.withdraw("a", "o1");

        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(inFirst.leaseId(), EndReason.RECLAIMED));
    }

    @Test
    void lostWorkersAreGrantedAgainElsewhereAtOnceWhenWished() {
        f.up("a", offer("o1", "0-1", 8 * GIB));
        LeaseTerms lost = f.lease("r1", "ada", Wish.of(2).regranted());
        f.opened(lost);
        f.up("b", offer("o1", "0-7", 8 * GIB));

        f.withdraw("a", "o1");

        assertThat(f.granted())
                .singleElement()
                .satisfies(lease -> {
                    assertThat(lease.nodeName()).isEqualTo("b");
                    assertThat(lease.requestId()).isEqualTo("r1");
                    assertThat(lease.cores().size()).isEqualTo(2);
                });
        assertThat(f.view("r1").leases())
                .extracting(lease -> lease.state())
                .containsExactly(LeaseState.REVOKING, LeaseState.GRANTED);
    }

    @Test
    void lostWorkersAreNotGrantedAgainWithoutTheWish() {
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.lease("r1", "ada", Wish.of(2));
        f.up("b", offer("o1", "0-7", 8 * GIB));

        f.withdraw("a", "o1");

        assertThat(f.granted()).isEmpty();
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.RECLAIMED);
    }

    @Test
    void whoLostWorkersComesFirstInTheQueueOfTheSameUser() {
        f.up("a", offer("o1", "0-1", 8 * GIB));
        LeaseTerms lost = f.lease("r1", "ada", Wish.of(2).regranted());
        f.request("r2", "ada", Wish.of(2));
        f.nodeEnded(lost, EndReason.RECLAIMED);

        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("r1");
    }

    @Test
    void whoLostWorkersWaitsAsLongAsForTheFirstTime() {
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.lease("r1", "ada", Wish.of(2).queue(5_000).regranted());
        f.advance(10_000);
        f.withdraw("a", "o1");

        f.advance(4_999);
        assertThat(f.requestEnds()).isEmpty();
        f.advance(1);
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.QUEUE_TIMEOUT);
    }

    @Test
    void drainEndsEveryLeaseAndStopsNewOnes() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));

        f.apply(new BrainEvent.NodeDrained("a", "disk swap"));

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease(lease.leaseId(), EndReason.DRAINED));
        assertThat(f.nodeView("a").drainReason()).isEqualTo("disk swap");
        f.request("r2", "bob", Wish.of(1));
        assertThat(f.granted()).isEmpty();

        f.apply(new BrainEvent.NodeResumed("a"));
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
        assertThat(f.nodeView("a").drainReason()).isNull();
    }

    @Test
    void aNodeDrainedBeforeItConnectsGetsNothing() {
        f.apply(new BrainEvent.NodeDrained("a", "not ready"));
        f.up("a", offer("o1", "0-3", 8 * GIB));

        f.request("r1", "ada", Wish.of(1));

        assertThat(f.granted()).isEmpty();
        assertThat(f.nodeView("a").state()).isEqualTo(io.offcut.core.api.NodeView.State.DRAINED);
    }

    @Test
    void noLeaseOutlivesTheExpectedEndOfItsOffer() {
        long until = f.now + 20_000;
        f.up("a", offer("o1", "0-3", 8 * GIB, until));
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        assertThat(lease.expiresAtEpochMillis()).isEqualTo(until);

        f.advance(10_000);
        f.apply(new BrainEvent.RequestRenewed("r1"));
        assertThat(f.commands).isEmpty();

        f.advance(10_000);
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.RECLAIMED));
    }

    @Test
    void anOfferThatEndsEarlierThanThoughtEndsItsLeasesThen() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1).regranted());
        f.opened(lease);

        f.offers("a", offer("o1", "0-3", 8 * GIB, f.now + 5_000));
        assertThat(f.leaseView(lease).expiresAtEpochMillis()).isEqualTo(f.now + 5_000);
        f.advance(5_000);

        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.RECLAIMED));
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(1);
    }

    @Test
    void anExpiryThatTheNodeSawBeforeTheClientsTimeIsAReclaim() {
        f.up("a", offer("o1", "0-3", 8 * GIB, f.now + 20_000));
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1).regranted());
        f.opened(lease);
        f.up("b", offer("o1", "0-3", 8 * GIB));

        f.advance(19_990);
        f.nodeEnded(lease, EndReason.EXPIRED);

        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::reason)
                .containsExactly(EndReason.RECLAIMED);
        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("b");
    }

    @Test
    void anOfferAboutToEndGetsNoLease() {
        f.up("a", offer("o1", "0-3", 8 * GIB, f.now + 999));
        f.request("r1", "ada", Wish.of(1));

        assertThat(f.granted()).isEmpty();
        f.offers("a", offer("o1", "0-3", 8 * GIB, f.now + 1_000));
        assertThat(f.granted()).hasSize(1);
    }
}
