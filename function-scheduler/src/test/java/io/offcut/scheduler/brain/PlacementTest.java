package io.offcut.scheduler.brain;

import static io.offcut.scheduler.brain.BrainFixture.GIB;
import static io.offcut.scheduler.brain.BrainFixture.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.lease.LeaseTerms;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacementTest {
    private static final long MINUTE = 60_000;

    private final BrainFixture f = new BrainFixture();

    @Test
    void longestLifetimeFirst() {
        f.up("short", offer("o1", "0-3", 8 * GIB, f.now + 2 * MINUTE));
        f.up("long", offer("o1", "0-7", 16 * GIB, f.now + 60 * MINUTE));

        assertThat(f.lease("r1", "ada", Wish.of(4)).nodeName()).isEqualTo("long");
    }

    @Test
    void anUnknownEndCountsAsLongest() {
        f.up("long", offer("o1", "0-3", 8 * GIB, f.now + 300 * MINUTE));
        f.up("unknown", offer("o1", "0-7", 16 * GIB));

        assertThat(f.lease("r1", "ada", Wish.of(4)).nodeName()).isEqualTo("unknown");
    }

    @Test
    void withinOneClassOfLifetimeBestFitDecides() {
        f.up("roomy", offer("o1", "0-7", 16 * GIB, f.now + 29 * MINUTE));
        f.up("fitting", offer("o1", "0-3", 8 * GIB, f.now + 20 * MINUTE));
        f.up("tight", offer("o1", "0-1", 8 * GIB, f.now + 25 * MINUTE));

        assertThat(f.lease("r1", "ada", Wish.of(4)).nodeName()).isEqualTo("fitting");
    }

    @Test
    void anOfferFallsIntoAShorterClassAsTimePasses() {
        f.up("ending", offer("o1", "0-3", 8 * GIB, f.now + 31 * MINUTE));
        f.up("other", offer("o1", "0-7", 8 * GIB, f.now + 29 * MINUTE));
        f.advance(2 * MINUTE);

        f.offers("other", offer("o1", "0-7", 8 * GIB, f.now + 60 * MINUTE));

        assertThat(f.lease("r1", "ada", Wish.of(4)).nodeName()).isEqualTo("other");
    }

    @Test
    void theClientsOwnHostComesBeforeBestFit() {
        f.up("fitting", offer("o1", "0", GIB));
        f.up("own", offer("o1", "0-7", 8 * GIB));

        assertThat(f.lease("r1", "ada", Wish.of(1).near("own")).nodeName()).isEqualTo("own");
    }

    @Test
    void severalDaemonsOfOneHostAreOneHost() {
        f.snapshot("a0", "host-a", List.of(offer("o1", "0-1", 8 * GIB)), List.of());
        f.snapshot("a1", "host-a", List.of(offer("o1", "2-3", 8 * GIB)), List.of());
        f.up("b", offer("o1", "0-3", 8 * GIB));

        f.request("r1", "ada", Wish.of(4).near("host-a"));

        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("a0", "a1");
    }

    @Test
    void oneOfferThatHoldsAllComesBeforeSeveral() {
        f.up("a", offer("o1", "0-2", 8 * GIB));
        f.up("b", offer("o1", "0-3", 8 * GIB));

        f.request("r1", "ada", Wish.of(4));

        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("b");
    }

    @Test
    void memoryCountsForWhatFits() {
        f.up("poor", offer("o1", "0-3", 2 * GIB));
        f.up("rich", offer("o1", "0-5", 8 * GIB));

        f.request("r1", "ada", Wish.of(4).memory(2 * GIB));

        assertThat(f.granted()).extracting(LeaseTerms::nodeName).containsExactly("rich");
    }

    @Test
    void workersOfOneUserSpreadOverNodesThatAreEqual() {
        f.up("a", offer("o1", "0-3", 8 * GIB), offer("o2", "4-7", 8 * GIB));
        f.up("b", offer("o1", "0-3", 8 * GIB), offer("o2", "4-7", 8 * GIB));

        String first = f.lease("r1", "ada", Wish.of(4)).nodeName();
        String second = f.lease("r2", "ada", Wish.of(4)).nodeName();

        assertThat(List.of(first, second)).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void packFillsTheSmallestRoomFirst() {
        BrainFixture packed = new BrainFixture(BrainConfig.DEFAULT, Placements.pack());
        packed.up("long", offer("o1", "0-7", 16 * GIB));
        packed.up("small", offer("o1", "0-1", 8 * GIB, packed.now + 2 * MINUTE));

        assertThat(packed.lease("r1", "ada", Wish.of(1)).nodeName()).isEqualTo("small");
        assertThat(packed.lease("r2", "ada", Wish.of(1)).nodeName()).isEqualTo("small");
        assertThat(packed.lease("r3", "ada", Wish.of(1)).nodeName()).isEqualTo("long");
    }

    @Test
    void anyPolicyCanBePluggedIn() {
        PlacementPolicy byName =
                (a, b, request, workers, now) -> b.nodeName().compareTo(a.nodeName());
        BrainFixture last = new BrainFixture(BrainConfig.DEFAULT, byName);
        last.up("a", offer("o1", "0-1", 8 * GIB));
        last.up("z", offer("o1", "0-1", 8 * GIB));

        assertThat(last.lease("r1", "ada", Wish.of(1)).nodeName()).isEqualTo("z");
    }
}
