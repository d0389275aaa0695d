package io.offcut.simulator.internal.interference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final int[] NODES = {0, 1};

    @Test
    void aJobAloneTakesItsTime() {
        Pace pace = new Pace(0, NODES, 4, 12_345, 1100, 1000, 5);

        assertThat(pace.endMillis()).isEqualTo(5 + 12_345);
        pace.advance(5 + 12_345);
        assertThat(pace.slowdownMilli()).isEqualTo(1000);
    }

    @Test
    void functionsOnOneOfItsNodesSlowAllOfIt() {
        Pace pace = new Pace(0, NODES, 4, 10_000, 1250, 1000, 0);

        assertThat(pace.functionsBeside(1)).isTrue();
        assertThat(pace.functionsBeside(1)).isFalse();
        assertThat(pace.endMillis()).isEqualTo(12_500);
        pace.advance(5_000);
        assertThat(pace.functionsBeside(-1)).isFalse();
        assertThat(pace.functionsBeside(-1)).isTrue();
        assertThat(pace.endMillis()).isEqualTo(5_000 + 6_000);
        pace.advance(11_000);
        assertThat(pace.slowdownMilli()).isEqualTo(1100);
    }

    @Test
    void leasesDoNoMoreThanTheyMay() {
        Pace pace = new Pace(0, NODES, 2, 100_000, 1000, 1000, 0);
        pace.share(300);

        pace.addWorkers(6);

        assertThat(pace.sharedMillis()).isEqualTo(10_000);
        assertThat(pace.endMillis()).isEqualTo(70_000);
        pace.advance(10_000);
        assertThat(pace.nothingToShare()).isTrue();
        assertThat(pace.endMillis()).isEqualTo(70_000);
    }

    @Test
    void whateverHappensNoWorkIsLostOrDoneTwice() {
        for (long seed = 1; seed <= 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            long runMillis = 1L + random.nextInt(1_000_000);
            int slow = 1000 + random.nextInt(900);
            Pace pace = new Pace(0, NODES, 3, runMillis, slow, 1000, 0);
            pace.share(random.nextInt(1001));
            long now = 0;
            int beside = 0;
            int workers = 0;
            long fastest = 0;
            while (true) {
                long next = now + 1 + random.nextInt(50_000);
                if (pace.endMillis() <= next) {
                    break;
                }
                now = next;
                pace.advance(now);
                int change = beside == 0 || (beside < 2 && random.nextBoolean()) ? 1 : -1;
                beside += change;
                pace.functionsBeside(change);
                int more = random.nextInt(7) - workers;
                workers += more;
                pace.addWorkers(more);
                fastest = Math.max(fastest, workers);
            }
            long end = pace.endMillis();
            String context = "seed " + seed;
            assertThat(end).as(context).isGreaterThan(now);
            // Between all help at once and none at all.
            assertThat(end * (3 + fastest)).as(context).isGreaterThanOrEqualTo(runMillis * 3);
            assertThat(end).as(context).isLessThanOrEqualTo(runMillis * slow / 1000 + 2);
            pace.advance(end);
            assertThat(pace.slowdownMilli()).as(context).isBetween(1000, slow);
        }
    }
}
