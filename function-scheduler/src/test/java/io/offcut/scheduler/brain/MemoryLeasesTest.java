package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static io.offcut.scheduler.brain.BrainFixture.quota;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leases of memory only. */
class MemoryLeasesTest {
    private final BrainFixture f = new BrainFixture();

    private LeaseTerms memory(String requestId, long bytes) {
        return f.lease(requestId, "ada", Wish.ofMemory(bytes));
    }

    @Test
    void haveNoCoreAndNoBundle() {
        f.up("a", offer("o1", "0-3", 8 * GIB));

        LeaseTerms terms = memory("m", 3 * GIB);

        assertThat(terms.cores()).isEqualTo(CpuSet.empty());
        assertThat(terms.bundle()).isEmpty();
        assertThat(terms.memoryBytes()).isEqualTo(3 * GIB);
        assertThat(f.view("m").pendingWorkers()).isZero();
        assertThat(f.nodeView("a").leasedCores()).isZero();
        assertThat(f.nodeView("a").leasedMemoryBytes()).isEqualTo(3 * GIB);
    }

    @Test
    void lieFirstWhereNoCoreIsFree() {
        f.up("free", offer("o1", "0-3", 4 * GIB));
        f.up("full", offer("o1", "0-3", 16 * GIB));
        f.request("w", "bob", Wish.of(4).memory(2 * GIB));
        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("full");

        assertThat(memory("m", GIB).nodeName()).isEqualTo("full");
    }

    @Test
    void takeMemoryFromWorkersAndGiveItBack() {
        f.up("a", offer("o1", "0-3", 4 * GIB));
        LeaseTerms terms = memory("m", 3 * GIB);
        f.opened(terms);

        f.request("w", "bob", Wish.of(2).memory(GIB));
        assertThat(f.granted()).extracting(l -> l.cores().size()).containsExactly(1);

        f.apply(new BrainEvent.RequestReleased("m"));
        f.nodeEnded(terms, EndReason.RELEASED);
        assertThat(f.granted()).extracting(l -> l.cores().size()).containsExactly(1);
        assertThat(f.view("w").pendingWorkers()).isZero();
    }

    @Test
    void waitUntilThereIsMemoryWhereverItComes() {
        f.up("a", offer("o1", "0", GIB));
        f.request("m", "ada", Wish.ofMemory(2 * GIB));
        assertThat(f.granted()).isEmpty();
        assertThat(f.view("m").pendingWorkers()).isEqualTo(1);

        // No core of it is free, and its memory grows.
        f.request("w", "bob", Wish.of(1).memory(GIB));
        assertThat(f.granted()).hasSize(1);
        f.offers("a", offer("o1", "0", 3 * GIB));

        assertThat(f.granted()).extracting(LeaseTerms::requestId).containsExactly("m");
    }

    @Test
    void areNotGrantedWhereAnotherCopyLies() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseRequest second = LeaseRequest.ofMemory(GIB, 60_000, 30_000, "", List.of("a"));
        f.apply(new BrainEvent.WorkersRequested("m", "ada", second));
        assertThat(f.granted()).isEmpty();

        f.up("b", offer("o1", "0-3", 8 * GIB));

        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("b");
    }

    @Test
    void goBeforeWorkersWhenMemoryShrinks() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms memory = memory("m", 4 * GIB);
        f.opened(memory);
        LeaseTerms workers = f.lease("w", "bob", Wish.of(2).memory(2 * GIB));
        f.opened(workers);

        f.offers("a", offer("o1", "0-3", 6 * GIB));

        assertThat(f.leaseView(memory).state()).isEqualTo(LeaseState.REVOKING);
        assertThat(f.leaseView(workers).state()).isEqualTo(LeaseState.ACTIVE);
        f.nodeEnded(memory, EndReason.RECLAIMED);
        assertThat(f.leaseEnds())
                .singleElement()
                .satisfies(end -> assertThat(end.reason()).isEqualTo(EndReason.RECLAIMED));
        assertThat(f.view("m").endReason()).isEqualTo(EndReason.RECLAIMED);
    }

    @Test
    void endWithTheirClientsTtl() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms memory = memory("m", GIB);
        f.opened(memory);
        f.advance(60_000);

        assertThat(f.leaseView(memory).state()).isEqualTo(LeaseState.REVOKING);
        f.nodeEnded(memory, EndReason.EXPIRED);
        assertThat(f.leaseView(memory).endReason()).isEqualTo(EndReason.EXPIRED);
        assertThat(f.nodeView("a").leasedMemoryBytes()).isZero();
    }

    @Test
    void liveLongerWhenTheyAreRenewed() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        LeaseTerms memory = memory("m", GIB);
        f.opened(memory);
        f.advance(40_000);
        f.apply(new BrainEvent.RequestRenewed("m"));
        f.advance(40_000);

        assertThat(f.leaseView(memory).state()).isEqualTo(LeaseState.ACTIVE);
    }

    @Test
    void countAsOneAgainstTheQuota() {
        BrainFixture two = new BrainFixture(quota(2));
        two.up("a", offer("o1", "0-3", 8 * GIB));
        two.request("m1", "ada", Wish.ofMemory(GIB));
        two.request("m2", "ada", Wish.ofMemory(GIB));
        assertThat(two.granted()).hasSize(1);

        two.request("m3", "ada", Wish.ofMemory(GIB));

        assertThat(two.granted()).isEmpty();
    }

    @Test
    void areAdoptedByASchedulerThatWasRestarted() {
        LeaseTerms known =
                new LeaseTerms(
                        "e0-7",
                        "m",
                        "ada",
                        "a",
                        "o1",
                        "",
                        CpuSet.empty(),
                        GIB,
                        0,
                        0,
                        f.now + 60_000);
        f.up("a", List.of(offer("o1", "0", 2 * GIB)), List.of(BrainFixture.running(known)));

        assertThat(f.leaseView(known).state()).isEqualTo(LeaseState.ACTIVE);
        f.apply(new BrainEvent.RequestRenewed("m"));
        assertThat(f.leaseView(known).state()).isEqualTo(LeaseState.ACTIVE);
        f.request("w", "bob", Wish.of(1).memory(2 * GIB));
        assertThat(f.granted()).isEmpty();
    }

    @Test
    void ofMoreThanAnyNodeHasAreImpossible() {
        f.up("a", offer("o1", "0-3", 8 * GIB));
        f.advance(10_000);

        f.request("m", "ada", Wish.ofMemory(1_000 * GIB));

        assertThat(f.requestEnds())
                .singleElement()
                .satisfies(end -> assertThat(end.reason()).isEqualTo(EndReason.IMPOSSIBLE));
    }
}
