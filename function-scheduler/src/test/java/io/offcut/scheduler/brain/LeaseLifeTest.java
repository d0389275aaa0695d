package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.SchedulerMessage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeaseLifeTest {
    private final BrainFixture f = new BrainFixture();

    @BeforeEach
    void oneNodeOfFourCores() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
    }

    @Test
    void grantsTheLowestFreeCoresWithTheirMemory() {
        LeaseTerms first = f.lease("r1", "ada", Wish.of(1));
        LeaseTerms second = f.lease("r2", "bob", Wish.of(2).memory(3 * GIB));

        assertThat(first.cores()).isEqualTo(CpuSet.of(0));
        assertThat(second.cores()).isEqualTo(CpuSet.of(1, 2));
        assertThat(second.memoryBytes()).isEqualTo(6 * GIB);
        assertThat(second.nodeName()).isEqualTo("a");
        assertThat(second.offerId()).isEqualTo("o1");
        assertThat(second.user()).isEqualTo("bob");
        assertThat(second.expiresAtEpochMillis()).isEqualTo(f.now + 60_000);
        assertThat(f.leaseView(second).state()).isEqualTo(LeaseState.GRANTED);
        assertThat(f.nodeView("a").leasedCores()).isEqualTo(3);
        assertThat(f.nodeView("a").leasedMemoryBytes()).isEqualTo(7 * GIB);
    }

    @Test
    void numbersLeasesFromItsEpoch() {
        assertThat(f.lease("r1", "ada", Wish.of(1)).leaseId()).isEqualTo("e1-1");
        assertThat(f.lease("r2", "ada", Wish.of(1)).leaseId()).isEqualTo("e1-2");
    }

    @Test
    void isActiveWhenTheNodeRunsIt() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        long version = f.view("r1").version();

        f.opened(lease);

        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.ACTIVE);
        assertThat(f.view("r1").version()).isGreaterThan(version);
        assertThat(f.commands).contains(new BrainCommand.RequestChanged("r1"));
    }

    @Test
    void endsAGrantThatNobodyOpens() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));

        f.advance(29_999);
        assertThat(f.told("a")).isEmpty();

        f.advance(1);
        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease(lease.leaseId(), EndReason.EXPIRED));
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.EXPIRED);
    }

    @Test
    void keepsTheCoresOfAReleasedLeaseUntilTheNodeAnswers() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.opened(lease);

        f.apply(new BrainEvent.LeaseReleased(lease.leaseId()));
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.RELEASED));
        assertThat(f.leaseEnds()).isEmpty();
        f.request("r2", "bob", Wish.of(4));
        assertThat(f.granted()).isEmpty();

        f.nodeEnded(lease, EndReason.RELEASED);
        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::reason)
                .containsExactly(EndReason.RELEASED);
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
    }

    @Test
    void keepsTheCoresOfAnUnopenedGrantThatWasReleased() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.apply(new BrainEvent.RequestReleased("r1"));
        f.request("r2", "bob", Wish.of(4));
        assertThat(f.granted()).isEmpty();

        // The client was faster than the order: the node runs it now, and is told again.
        f.advance(1_000);
        f.opened(lease);
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.RELEASED));
        assertThat(f.granted()).isEmpty();

        f.nodeEnded(lease, EndReason.RELEASED);
        assertThat(f.granted()).hasSize(1);
    }

    @Test
    void repeatsAnOrderThatIsNotAnswered() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        f.apply(new BrainEvent.LeaseRevoked(lease.leaseId()));

        f.advance(3_000);
        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease(lease.leaseId(), EndReason.REVOKED));
        f.advance(120_000);
        assertThat(f.told("a")).hasSize(40);
        assertThat(f.leaseEnds()).isEmpty();
    }

    @Test
    void freesCoresThatNobodyOpenedWhenTheTokenIsDeadForAllClocks() {
        f.lease("r1", "ada", Wish.of(4).ttl(10_000));
        f.apply(new BrainEvent.RequestReleased("r1"));

        f.advance(12_999);
        assertThat(f.leaseEnds()).isEmpty();
        f.advance(1);
        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::reason)
                .containsExactly(EndReason.RELEASED);
        assertThat(f.nodeView("a").leasedCores()).isZero();
    }

    @Test
    void expiresALeaseThatIsNotRenewed() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);

        f.advance(60_000);

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.EndLease(lease.leaseId(), EndReason.EXPIRED));
        assertThat(f.requestEnds()).hasSize(1);
        f.nodeEnded(lease, EndReason.EXPIRED);
        assertThat(f.leaseEnds()).hasSize(1);
    }

    @Test
    void renewalMovesTheExpiryAndTellsNodeAndClient() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        f.advance(20_000);

        f.apply(new BrainEvent.RequestRenewed("r1"));

        LeaseTerms longer = lease.withExpiry(f.now + 60_000);
        assertThat(f.commands)
                .containsExactly(
                        new BrainCommand.ToNode(
                                "a",
                                new SchedulerMessage.ExtendLease(lease.leaseId(), f.now + 60_000)),
                        new BrainCommand.Renewed(longer),
                        new BrainCommand.RequestChanged("r1"));
        f.advance(59_999);
        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.ACTIVE);
    }

    @Test
    void cutsTheLifetimeToTheLongestAllowed() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1).ttl(Long.MAX_VALUE));

        assertThat(lease.expiresAtEpochMillis()).isEqualTo(f.now + 3_600_000);
    }

    @Test
    void repeatsAnExtensionThatTheNodeDidNotGet() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        f.advance(20_000);
        f.apply(new BrainEvent.RequestRenewed("r1"));
        long expiry = f.now + 60_000;

        f.opened(lease);

        assertThat(f.told("a"))
                .containsExactly(new SchedulerMessage.ExtendLease(lease.leaseId(), expiry));
    }

    @Test
    void releaseOfOneLeaseLeavesTheOthers() {
        f.up("a", offer("o1", "0-1", 4 * GIB), offer("o2", "2-3", 4 * GIB));
        f.request("r1", "ada", Wish.of(4));
        LeaseTerms first = f.granted().getFirst();

        f.apply(new BrainEvent.LeaseReleased(first.leaseId()));

        assertThat(f.requestEnds()).isEmpty();
        assertThat(f.view("r1").pendingWorkers()).isZero();
        assertThat(f.view("r1").endReason()).isNull();
        f.apply(new BrainEvent.LeaseReleased(f.view("r1").leases().getLast().leaseId()));
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.RELEASED);
    }

    @Test
    void usageOnlyGrowsWhateverOrderReportsCome() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.report(used(lease, new LeaseUsage(10, 5_000, 900)));
        f.report(used(lease, new LeaseUsage(7, 6_000, 800)));

        f.report(
                new LeaseReport(
                        lease, LeaseState.ENDED, EndReason.RELEASED, new LeaseUsage(9, 1, 950)));

        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::usage)
                .containsExactly(new LeaseUsage(10, 6_000, 950));
    }

    @Test
    void accountsForALeaseOnce() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.advance(500);
        f.nodeEnded(lease, EndReason.RELEASED);
        assertThat(f.leaseEnds())
                .containsExactly(
                        new BrainCommand.LeaseEnded(
                                lease, EndReason.RELEASED, f.now - 500, f.now, LeaseUsage.NONE));

        f.nodeEnded(lease, EndReason.RELEASED);
        assertThat(f.leaseEnds()).isEmpty();
    }

    @Test
    void anExecutorThatFailedIsNotGrantedAgain() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1).regranted());
        f.opened(lease);

        f.nodeEnded(lease, EndReason.EXECUTOR_FAILED);

        assertThat(f.granted()).isEmpty();
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.EXECUTOR_FAILED);
    }

    @Test
    void aRefusedGrantGoesElsewhereAndTheNodeIsAskedWhatItHas() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1).regranted());

        f.nodeEnded(lease, EndReason.REFUSED);
        assertThat(f.told("a")).containsExactly(new SchedulerMessage.SendSnapshot());
        assertThat(f.granted()).isEmpty();
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(1);

        f.up("b", offer("o9", "5", GIB));
        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("b");
    }

    @Test
    void forgetsAnEndedRequestAfterAWhile() {
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.nodeEnded(lease, EndReason.RELEASED);

        f.advance(59_999);
        assertThat(f.view("r1").endReason()).isEqualTo(EndReason.RELEASED);
        assertThat(f.view("r1").leases()).hasSize(1);
        assertThat(f.brain.requests()).isEmpty();
        f.advance(1);
        assertThat(f.brain.request("r1")).isNull();
    }

    private static LeaseReport used(LeaseTerms terms, LeaseUsage usage) {
        return new LeaseReport(terms, LeaseState.ACTIVE, null, usage);
    }
}
