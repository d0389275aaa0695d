package io.offcut.scheduler.brain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Thousands of random histories. Replay one with {@code -Doffcut.seed=N}; run more with {@code
 * -Doffcut.histories=N}.
 */
class RandomHistoriesTest {
    private static final int HISTORIES = Integer.getInteger("offcut.histories", 3_000);

    @Test
    void everyHistoryKeepsItsPromises() {
        Long only = Long.getLong("offcut.seed");
        long granted = 0;
        for (long seed = only == null ? 1 : only;
                seed <= (only == null ? HISTORIES : only);
                seed++) {
            granted += live(seed).stream().filter(c -> c instanceof BrainCommand.Granted).count();
        }
        // A generator that grants nothing would keep every promise too.
        assertThat(granted).isGreaterThan(only == null ? HISTORIES : 0);
    }

    @Test
    void oneSeedIsOneHistory() {
        for (long seed = 1; seed <= 100; seed++) {
            assertThat(live(seed)).as("seed %d", seed).isEqualTo(live(seed));
        }
    }

    private static List<BrainCommand> live(long seed) {
        History history = new History(seed);
        try {
            history.run();
            return history.stream;
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed "
                            + seed
                            + " at "
                            + history.now
                            + " ms: "
                            + e.getMessage()
                            + "; replay with -Doffcut.seed="
                            + seed,
                    e);
        }
    }
}
