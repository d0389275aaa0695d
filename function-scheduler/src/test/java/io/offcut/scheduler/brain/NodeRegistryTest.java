package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.descriptor;
import static io.offcut.scheduler.brain.BrainFixture.ended;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static io.offcut.scheduler.brain.BrainFixture.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.Offer;
import io.offcut.core.api.NodeView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeRegistryTest {
    private static final Offer FOUR_CORES = offer("o1", "0-3", 8 * GIB);

    private final BrainFixture f = new BrainFixture();

    @Test
    void knowsANodeFromItsSnapshot() {
        f.up("a", FOUR_CORES);
        f.now += 250;

        NodeView node = f.nodeView("a");
        assertThat(node.node()).isEqualTo(descriptor("a", "a"));
        assertThat(node.offers()).containsExactly(FOUR_CORES);
        assertThat(node.state()).isEqualTo(NodeView.State.UP);
        assertThat(node.heardMillisAgo()).isEqualTo(250);
    }

    @Test
    void asksAStrangerForASnapshot() {
        f.beat("a");

        assertThat(f.told("a")).containsExactly(new SchedulerMessage.SendSnapshot());
        assertThat(f.brain.nodes(f.now)).isEmpty();
    }

    @Test
    void dropsDuplicatesAndOldMessages() {
        f.up("a", FOUR_CORES);
        f.offers("a", offer("o2", "4-5", GIB));

        f.repeat("a", new NodeMessage.OffersChanged(2, List.of(), List.of("o2")));
        f.repeat("a", new NodeMessage.OffersChanged(1, List.of(), List.of("o1")));

        assertThat(f.commands).isEmpty();
        assertThat(f.nodeView("a").offers()).extracting(Offer::offerId).containsExactly("o1", "o2");
    }

    @Test
    void afterAGapBelievesNothingButASnapshot() {
        f.up("a", FOUR_CORES);
        f.skipMessage("a");

        f.offers("a", offer("o2", "4-5", GIB));
        assertThat(f.told("a")).containsExactly(new SchedulerMessage.SendSnapshot());
        assertThat(f.nodeView("a").offers()).containsExactly(FOUR_CORES);
        f.request("r1", "ada", Wish.of(1));
        assertThat(f.granted()).isEmpty();

        f.up("a", offer("o2", "4-5", GIB));
        assertThat(f.nodeView("a").offers()).extracting(Offer::offerId).containsExactly("o2");
        assertThat(f.granted()).hasSize(1);
    }

    @Test
    void asksForOneSnapshotAHeartbeat() {
        f.beat("a");
        f.beat("a");
        assertThat(f.told("a")).isEmpty();

        f.now += 1_000;
        f.beat("a");
        assertThat(f.told("a")).hasSize(1);
    }

    @Test
    void dropsMessagesOfAnOlderDaemon() {
        f.restart("a");
        f.up("a", FOUR_CORES);

        f.apply(
                new BrainEvent.FromNode(
                        "a", 1, new NodeMessage.OffersChanged(2, List.of(), List.of("o1"))));

        assertThat(f.nodeView("a").offers()).containsExactly(FOUR_CORES);
    }

    @Test
    void dropsASnapshotThatSpeaksForAnotherNode() {
        f.repeat(
                "a",
                new NodeMessage.Snapshot(
                        1, 1, 1, descriptor("b", "b"), List.of(FOUR_CORES), List.of()));

        assertThat(f.brain.nodes(f.now)).isEmpty();
    }

    @Test
    void losesANodeAfterThreeSilentHeartbeats() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        f.silence("a");

        f.advance(2_999);
        assertThat(f.nodeView("a").state()).isEqualTo(NodeView.State.UP);
        assertThat(f.nodeView("a").leasedCores()).isEqualTo(1);
        f.advance(1);
        assertThat(f.nodeView("a").state()).isEqualTo(NodeView.State.LOST);
        assertThat(f.nodeView("a").leasedCores()).isZero();
        assertThat(f.nodeView("a").leasedMemoryBytes()).isZero();
        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::reason)
                .containsExactly(EndReason.NODE_LOST);
        assertThat(f.requestEnds()).hasSize(1);
    }

    @Test
    void keepsLeasesOfANodeWhoseLinkBrokeUntilItIsSilentTooLong() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        f.opened(lease);
        f.silence("a");

        f.apply(new BrainEvent.LinkLost("a", 1));
        assertThat(f.commands).isEmpty();
        f.request("r2", "bob", Wish.of(1));
        assertThat(f.granted()).isEmpty();

        f.advance(2_000);
        f.up("a", List.of(FOUR_CORES), List.of(running(lease)));
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.ACTIVE);
    }

    @Test
    void aBreakReportedLateCostsNothingButAQuestion() {
        f.up("a", FOUR_CORES);
        f.apply(new BrainEvent.LinkLost("a", 1));
        f.beat("a");

        assertThat(f.told("a")).containsExactly(new SchedulerMessage.SendSnapshot());
    }

    @Test
    void doesNotBlameNodesWhenItWasItselfLate() {
        f.up("a", FOUR_CORES);
        f.opened(f.lease("r1", "ada", Wish.of(1)));

        f.now += 10_000;
        f.apply(new BrainEvent.Tick());
        assertThat(f.leaseEnds()).isEmpty();
        f.beat("a");
        f.advance(2_000);
        assertThat(f.nodeView("a").state()).isEqualTo(NodeView.State.UP);
    }

    @Test
    void aLostNodeThatComesBackMustEndWhatWasGivenUp() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.opened(lease);
        f.silence("a");
        f.advance(3_000);
        f.request("r2", "bob", Wish.of(4));

        f.up("a", List.of(FOUR_CORES), List.of(running(lease)));
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.NODE_LOST));
        assertThat(f.granted()).isEmpty();
        assertThat(f.nodeView("a").leasedCores()).isEqualTo(4);

        f.nodeEnded(lease, EndReason.NODE_LOST);
        assertThat(f.leaseEnds()).isEmpty();
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
    }

    @Test
    void anUnopenedGrantOfALostNodeBlocksItsCoresUntilTheNodeKnows() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.silence("a");
        f.advance(3_000);
        f.request("r2", "bob", Wish.of(4));

        f.up("a", FOUR_CORES);
        assertThat(f.told("a"))
                .contains(new SchedulerMessage.EndLease(lease.leaseId(), EndReason.NODE_LOST));
        assertThat(f.granted()).isEmpty();
        f.nodeEnded(lease, EndReason.NODE_LOST);
        assertThat(f.granted()).hasSize(1);
    }

    @Test
    void aLeaseThatTheSameDaemonNoLongerNamesIsGone() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4).regranted());
        f.opened(lease);

        f.up("a", FOUR_CORES);

        assertThat(f.leaseEnds()).hasSize(1);
        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("r1");
    }

    @Test
    void anUnopenedGrantSurvivesASnapshotThatDoesNotNameIt() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));

        f.up("a", FOUR_CORES);

        assertThat(f.commands).isEmpty();
        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.GRANTED);
    }

    @Test
    void aRestartedDaemonThatKeptAnExecutorKeepsTheLease() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.opened(lease);

        f.restart("a");
        f.up("a", List.of(FOUR_CORES), List.of(running(lease)));

        assertThat(f.commands).isEmpty();
        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.ACTIVE);
    }

    @Test
    void aRestartedDaemonThatLostAnExecutorIsToldBeforeTheCoresAreUsed() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));
        f.opened(lease);
        f.request("r2", "bob", Wish.of(4));

        f.restart("a");
        f.up("a", FOUR_CORES);
        assertThat(f.told("a"))
                .containsExactly(
                        new SchedulerMessage.EndLease(lease.leaseId(), EndReason.NODE_LOST));
        assertThat(f.granted()).isEmpty();

        f.nodeEnded(lease, EndReason.NODE_LOST);
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
    }

    @Test
    void endsNamedInASnapshotCount() {
        f.up("a", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(4));

        f.up("a", List.of(FOUR_CORES), List.of(ended(lease, EndReason.RECLAIMED)));

        assertThat(f.leaseEnds())
                .extracting(BrainCommand.LeaseEnded::reason)
                .containsExactly(EndReason.RECLAIMED);
    }

    @Test
    void aLyingNodeCannotHaveOneCoreLeasedTwice() {
        f.up("a", offer("o1", "0-1", 8 * GIB), offer("o2", "1-2", 8 * GIB));

        f.request("r1", "ada", Wish.of(4));

        assertThat(f.granted().stream().mapToInt(l -> l.cores().size()).sum()).isEqualTo(3);
    }

    @Test
    void aLyingNodeCannotPromiseMoreThanItHasAtOnce() {
        f.up("a", offer("o1", "0-1", 8 * GIB), offer("o2", "1-2", 8 * GIB));

        f.request("r1", "ada", Wish.of(4).atLeast(4));
        assertThat(f.granted()).isEmpty();
        f.request("r2", "bob", Wish.of(3).atLeast(3));
        assertThat(f.granted()).extracting(LeaseTerms::offerId).containsExactly("o1", "o2");
    }

    @Test
    void anEndReportedByAnotherNodeChangesNothing() {
        f.up("a", FOUR_CORES);
        f.up("b", FOUR_CORES);
        LeaseTerms lease = f.lease("r1", "ada", Wish.of(1));
        String other = lease.nodeName().equals("a") ? "b" : "a";

        f.repeat(
                other,
                new NodeMessage.LeaseChanged(
                        f.sequenceOf(other) + 1, ended(lease, EndReason.RELEASED)));

        assertThat(f.leaseEnds()).isEmpty();
        assertThat(f.leaseView(lease).state()).isEqualTo(LeaseState.GRANTED);
    }

    @Test
    void forgetsALostNode() {
        f.up("a", FOUR_CORES);
        f.silence("a");

        f.advance(59_999);
        assertThat(f.brain.nodes(f.now)).hasSize(1);
        f.advance(1);
        assertThat(f.brain.nodes(f.now)).isEmpty();
        assertThat(f.brain.nextDeadlineMillis()).isEqualTo(Long.MAX_VALUE);
    }
}
