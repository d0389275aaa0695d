package io.offcut.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That it measures a real scheduler, with few nodes. Its times are not looked at. */
@Timeout(120)
class LinkBenchmarkTest {
    @Test
    void everyNodeHasALinkAndEveryRequestIsGranted() throws Exception {
        LinkResult result = LinkBenchmark.run(new GrantOptions(30, 2, 7, false, true, true));

        assertThat(result.connected()).isEqualTo(30);
        assertThat(result.beatsPerSecond()).isPositive();
        assertThat(result.grants()).isPositive().isEqualTo(result.grant().calls());
        assertThat(result.bare().calls()).isEqualTo(result.grant().calls());
        assertThat(result.heapBytes()).isPositive();
        assertThat(result.table()).contains("30 of 30 nodes", "queued to granted", "bound 2 ms");
        JsonNode json = new ObjectMapper().readTree(new Report(null, result).json());
        assertThat(json.at("/links/grants").asLong()).isEqualTo(result.grants());
    }

    @Test
    void readsPercentilesFromTheSchedulersHistogram() {
        GrantTimes early = GrantTimes.parse(text(1, 1, 1));
        GrantTimes late = GrantTimes.parse(text(91, 100, 101));

        GrantTimes between = late.minus(early);
        assertThat(between.count()).isEqualTo(100);
        assertThat(between.percentileNanos(0.5)).isEqualTo(100_000);
        assertThat(between.percentileNanos(0.99)).isEqualTo(2_000_000);
        assertThat(between.percentileNanos(1)).isEqualTo(Long.MAX_VALUE);
    }

    private static String text(int first, int second, int all) {
        return "# TYPE offcut_grant_seconds histogram\n"
                + "offcut_grant_seconds_bucket{le=\"1.0E-4\",} "
                + (double) first
                + "\noffcut_grant_seconds_bucket{le=\"0.002\",} "
                + (double) second
                + "\noffcut_grant_seconds_bucket{le=\"+Inf\",} "
                + (double) all
                + "\noffcut_grant_seconds_sum 1.0\n";
    }

    @Test
    void framesAreThoseOfAClient() {
        ByteBuffer small = NodeLinks.frame(new byte[] {'a'});
        assertThat(small)
                .isEqualTo(ByteBuffer.wrap(new byte[] {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, 'a'}));
        ByteBuffer large = NodeLinks.frame(new byte[300]);
        assertThat(large.remaining()).isEqualTo(300 + 8);
        assertThat(large.get(1)).isEqualTo((byte) (0x80 | 126));
        assertThat(large.getShort(2)).isEqualTo((short) 300);
    }
}
