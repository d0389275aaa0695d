package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.limits;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static io.offcut.scheduler.brain.BrainFixture.quota;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.offcut.core.api.RequestView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueueTest {
    @Test
    void takesWhatThereIsAndWaitsForTheRest() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.up("b", offer("o1", "0", 8 * GIB));

        f.request("r1", "ada", Wish.of(5));
        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("a", "b");
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(2);

        f.up("c", offer("o1", "0-7", 8 * GIB));
        assertThat(f.granted()).extracting(l -> l.cores().size()).containsExactly(2);
        assertThat(f.view("r1").pendingWorkers()).isZero();
    }

    @Test
    void grantsNothingBeforeTheLeastNumberIsThere() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.request("r1", "ada", Wish.of(4).atLeast(3));
        assertThat(f.granted()).isEmpty();

        f.up("b", offer("o1", "0", 8 * GIB));
        assertThat(f.granted()).hasSize(2);
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(1);
    }

    @Test
    void aRequestThatNeedsManyHoldsNobodyUp() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.request("r1", "ada", Wish.of(4).atLeast(4));
        f.request("r2", "ada", Wish.of(1));

        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("r2");
    }

    @Test
    void whoHoldsFewestWorkersComesFirst() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-2", 8 * GIB));
        LeaseTerms big = f.lease("r1", "ada", Wish.of(2));
        LeaseTerms small = f.lease("r2", "bob", Wish.of(1));
        f.request("r3", "ada", Wish.of(1));
        f.request("r4", "bob", Wish.of(1));
        f.request("r5", "eve", Wish.of(1));

        f.nodeEnded(big, EndReason.RELEASED);
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("ada", "eve");
        f.nodeEnded(small, EndReason.RELEASED);
        assertThat(f.granted()).extracting(LeaseTerms::user).containsExactly("bob");
    }

    @Test
    void usersTakeTurnsOfferByOffer() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(8));
        f.request("r2", "bob", Wish.of(8));

        f.up(
                "a",
                offer("o1", "0-1", 8 * GIB),
                offer("o2", "2-3", 8 * GIB),
                offer("o3", "4-5", 8 * GIB),
                offer("o4", "6-7", 8 * GIB));

        assertThat(f.granted())
                .extracting(LeaseTerms::user)
                .containsExactly("ada", "bob", "ada", "bob");
    }

    @Test
    void whoHasNothingYetComesBeforeWhoWantsMore() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-1", 8 * GIB));
        f.request("r1", "ada", Wish.of(100));
        f.request("r2", "ada", Wish.of(1));

        f.up("b", offer("o1", "0", 8 * GIB));

        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("r2");
    }

    @Test
    void aRequestOverTheQuotaGetsAsManyAsItAllows() {
        BrainFixture f = new BrainFixture(quota(4));
        f.up("a", offer("o1", "0-7", 16 * GIB));

        f.request("r1", "ada", Wish.of(6));

        assertThat(f.requestEnds()).isEmpty();
        assertThat(f.granted())
                .singleElement()
                .satisfies(lease -> assertThat(lease.cores().size()).isEqualTo(4));
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(2);
    }

    @Test
    void aRequestForMoreAtOnceThanTheQuotaIsImpossible() {
        BrainFixture f = new BrainFixture(quota(4));
        f.up("a", offer("o1", "0-7", 16 * GIB));

        f.request("r1", "ada", Wish.of(5).atLeast(5));

        assertThat(f.requestEnds())
                .singleElement()
                .satisfies(end -> {
                    assertThat(end.reason()).isEqualTo(EndReason.IMPOSSIBLE);
                    assertThat(end.explanation()).contains("5 workers", "4");
                });
    }

    @Test
    void aRequestThatExceedsTheQuotaForNowWaits() {
        BrainFixture f = new BrainFixture(quota(4));
        f.up("a", offer("o1", "0-7", 16 * GIB));
        LeaseTerms held = f.lease("r1", "ada", Wish.of(3));
        f.request("r2", "ada", Wish.of(2).atLeast(2));
        assertThat(f.granted()).isEmpty();
        f.request("r3", "bob", Wish.of(2));
        assertThat(f.granted()).hasSize(1);

        f.apply(new BrainEvent.LeaseReleased(held.leaseId()));
        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("r2");
    }

    @Test
    void aQuotaIsFilledAsFarAsItGoes() {
        BrainFixture f = new BrainFixture(quota(4));
        f.up("a", offer("o1", "0-7", 16 * GIB));
        f.request("r1", "ada", Wish.of(3));
        f.request("r2", "ada", Wish.of(3));

        assertThat(f.granted()).extracting(l -> l.cores().size()).containsExactly(1);
        assertThat(f.view("r2").pendingWorkers()).isEqualTo(2);
    }

    @Test
    void refusesAtOnceWhenItMayNotWait() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0", 8 * GIB));
        f.request("r1", "ada", Wish.of(1).queue(0));
        assertThat(f.granted()).hasSize(1);

        f.request("r2", "ada", Wish.of(1).queue(0));
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.QUEUE_TIMEOUT);
    }

    @Test
    void keepsWhatItGotWhenItMayNotWaitForTheRest() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0", 8 * GIB));

        f.request("r1", "ada", Wish.of(3).queue(0));

        assertThat(f.granted()).hasSize(1);
        assertThat(f.requestEnds()).isEmpty();
        assertThat(f.view("r1").pendingWorkers()).isZero();
        f.up("b", offer("o1", "0-7", 8 * GIB));
        assertThat(f.granted()).isEmpty();
    }

    @Test
    void endsARequestThatWaitedLongEnough() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(1).queue(5_000));

        f.advance(4_999);
        assertThat(f.requestEnds()).isEmpty();
        f.advance(1);
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::requestId, BrainCommand.RequestEnded::reason)
                .containsExactly(tuple("r1", EndReason.QUEUE_TIMEOUT));
        assertThat(f.commands).contains(new BrainCommand.RequestChanged("r1"));
    }

    @Test
    void boundsTheQueue() {
        BrainFixture f = new BrainFixture(limits(100, 2));
        f.request("r1", "ada", Wish.of(1));
        f.request("r2", "ada", Wish.of(1));
        f.request("r3", "bob", Wish.of(1));

        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::requestId, BrainCommand.RequestEnded::reason)
                .containsExactly(tuple("r3", EndReason.QUEUE_FULL));
        assertThat(f.brain.requests())
                .extracting(RequestView::requestId)
                .containsExactly("r1", "r2");
    }

    @Test
    void oneUserDoesNotFillTheQueueOfAll() {
        BrainFixture f = new BrainFixture(limits(100, 10, 2));
        f.request("r1", "ada", Wish.of(1));
        f.request("r2", "ada", Wish.of(1));
        f.request("r3", "ada", Wish.of(1));
        assertThat(f.requestEnds())
                .singleElement()
                .satisfies(end -> {
                    assertThat(end.requestId()).isEqualTo("r3");
                    assertThat(end.reason()).isEqualTo(EndReason.QUEUE_FULL);
                    assertThat(end.explanation()).contains("2 requests of yours");
                });

        f.request("r4", "bob", Wish.of(1));
        assertThat(f.requestEnds()).isEmpty();
    }

    @Test
    void aRequestWhoseClientIsSilentGetsNothing() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(1).ttl(5_000));

        f.advance(5_000);
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::requestId, BrainCommand.RequestEnded::reason)
                .containsExactly(tuple("r1", EndReason.EXPIRED));
        f.up("a", offer("o1", "0", GIB));
        assertThat(f.granted()).isEmpty();
    }

    @Test
    void aRequestThatIsRenewedWaitsOn() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(1).ttl(5_000).queue(12_000));
        f.advance(4_000);
        f.apply(new BrainEvent.RequestRenewed("r1"));
        f.advance(4_000);
        f.apply(new BrainEvent.RequestRenewed("r1"));
        f.advance(3_999);
        assertThat(f.view("r1").endReason()).isNull();

        f.advance(1);
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.QUEUE_TIMEOUT);
    }

    @Test
    void aSilentClientsLossIsNotMadeGood() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(2).ttl(5_000).regranted());
        f.advance(4_000);
        f.up("a", offer("o1", "0", GIB), offer("o2", "1", GIB));
        LeaseTerms first = f.granted().getFirst();
        f.advance(2_000);
        assertThat(f.view("r1").endReason()).isNull();

        f.withdraw("a", first.offerId());
        f.up("b", offer("o1", "0-7", 8 * GIB));
        assertThat(f.granted()).isEmpty();
        f.advance(3_000);
        assertThat(f.view("r1").endReason()).isEqualTo(EndReason.EXPIRED);
    }

    @Test
    void aFullQueueRefusesNobodyWhoCanBeServed() {
        BrainFixture f = new BrainFixture(limits(100, 1));
        f.up("a", offer("o1", "0", GIB));
        f.request("r1", "ada", Wish.of(9).atLeast(9));

        f.request("r2", "bob", Wish.of(1));

        assertThat(f.granted()).hasSize(1);
        assertThat(f.requestEnds()).isEmpty();
    }

    @Test
    void releaseWhileWaitingEndsTheWait() {
        BrainFixture f = new BrainFixture();
        f.request("r1", "ada", Wish.of(1));

        f.apply(new BrainEvent.RequestReleased("r1"));
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.RELEASED);
        f.up("a", offer("o1", "0", GIB));
        assertThat(f.granted()).isEmpty();
    }

    @Test
    void ignoresARequestIdItKnows() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-3", 8 * GIB));
        f.request("r1", "ada", Wish.of(1));

        assertThat(f.request("r1", "bob", Wish.of(2))).isEmpty();
        assertThat(f.view("r1").user()).isEqualTo("ada");
    }

    @Test
    void aWorkerLargerThanAnyNodeIsImpossibleOnceTheNodesAreKnown() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0", 8 * GIB));
        f.request("r1", "ada", Wish.of(1).memory(65 * GIB));
        assertThat(f.requestEnds()).isEmpty();

        f.advance(3_000);
        f.request("r2", "ada", Wish.of(1).memory(65 * GIB));
        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.IMPOSSIBLE);
        f.request("r3", "ada", Wish.of(1).memory(64 * GIB));
        assertThat(f.requestEnds()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 1, 1000, 0",
        "2, 3, 1, 1000, 0",
        "1, 0, 1, 1000, 0",
        "1, 1, -1, 1000, 0",
        "1, 1, 1, 0, 0",
        "1, 1, 1, 1000, -1",
    })
    void aRequestThatMakesNoSenseIsImpossible(
            int workers, int minWorkers, long memory, long ttl, long queue) {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-3", 8 * GIB));

        f.request("r1", "ada", new Wish(workers, minWorkers, memory, ttl, queue, "", false));

        assertThat(f.requestEnds())
                .extracting(BrainCommand.RequestEnded::reason)
                .containsExactly(EndReason.IMPOSSIBLE);
    }

    @Test
    void hugeWishesDoNotOverflow() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-3", 8 * GIB));

        Wish huge = new Wish(3, 2, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, "", true);
        f.request("r1", "ada", huge);

        assertThat(f.granted()).isEmpty();
        assertThat(f.requestEnds()).isEmpty();
        assertThat(f.view("r1").pendingWorkers()).isEqualTo(3);
    }

    @Test
    void memoryLimitsTheNumberOfWorkers() {
        BrainFixture f = new BrainFixture();
        f.up("a", offer("o1", "0-7", 5 * GIB));

        f.request("r1", "ada", Wish.of(8).memory(2 * GIB));

        assertThat(f.granted()).extracting(l -> l.cores().size()).containsExactly(2);
        f.request("r2", "bob", Wish.of(1).memory(GIB));
        assertThat(f.granted()).hasSize(1);
    }

    @Test
    void listsRequestsInTheOrderTheyCame() {
        BrainFixture f = new BrainFixture();
        for (String id : List.of("z", "m", "a")) {
            f.request(id, "ada", Wish.of(1));
        }

        assertThat(f.brain.requests())
                .extracting(RequestView::requestId)
                .containsExactly("z", "m", "a");
    }
}
