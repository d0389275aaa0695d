package io.offcut.simulator.internal.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TimeHeapTest {
    private static final long SEED = Long.getLong("offcut.seed", 20_260_101);

    @Test
    void givesEntriesByTimeAndOrderWhateverWasRemoved() {
        for (long seed = SEED; seed < SEED + 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            TimeHeap heap = new TimeHeap();
            List<long[]> entries = new ArrayList<>();
            for (int n = 0; n < 600; n++) {
                long[] entry = {random.nextInt(50), n, random.nextInt(3)};
                entries.add(entry);
                heap.add(entry[0], entry[1], entry[2]);
            }
            heap.removeIf((time, order, payload) -> payload == 0 || time == 7);
            entries.removeIf(entry -> entry[2] == 0 || entry[0] == 7);
            entries.sort(Comparator.<long[]>comparingLong(e -> e[0]).thenComparingLong(e -> e[1]));

            List<long[]> taken = new ArrayList<>();
            while (heap.size() > 0) {
                taken.add(new long[] {heap.firstMillis(), heap.firstOrder(), heap.firstPayload()});
                heap.removeFirst();
            }

            assertThat(taken.toArray(long[][]::new))
                    .as("seed %d", seed)
                    .isDeepEqualTo(entries.toArray(long[][]::new));
        }
    }
}
