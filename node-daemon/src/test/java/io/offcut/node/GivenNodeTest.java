package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.Offer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A daemon inside a batch job, which has cores and memory for it until a known time. */
class GivenNodeTest {
    private static final long HOUR_MILLIS = 3_600_000;

    @Test
    void offersWithoutALookUntilTheJobEnds() throws Exception {
        try (TestNode node = given(System.currentTimeMillis() + HOUR_MILLIS)) {
            node.config.put("offerAfterSamples", 3600);
            node.start();
            node.awaitOffered("0");
            Offer offer = node.status().offers().getFirst();
            assertThat(offer.untilEpochMillis()).isEqualTo(node.config.get("untilEpochMillis"));
            assertThat(offer.memoryBytes()).isBetween(512L << 20, 1L << 30);
        }
    }

    @Test
    void withdrawsWhenTheTimeIsOver() throws Exception {
        try (TestNode node = given(System.currentTimeMillis() - 1)) {
            node.start();
            assertThat(node.status().offers()).isEmpty();
        }
        try (TestNode node = given(System.currentTimeMillis() + 5_000)) {
            node.start();
            node.awaitOffered("0");
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .until(() -> node.status().offers().isEmpty());
        }
    }

    private static TestNode given(long untilEpochMillis) throws Exception {
        TestNode node = new TestNode();
        node.config.put("cpus", "0");
        node.config.put("memoryBytes", 1L << 30);
        node.config.put("untilEpochMillis", untilEpochMillis);
        return node;
    }
}
