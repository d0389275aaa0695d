package io.offcut.scheduler.brain;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.testing.Seeds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
    @Test
    void equalTimesComeInTheOrderTheyWereSet() {
        Deadlines deadlines = new Deadlines();
        List<Tombstone> members =
                IntStream.range(0, 5).mapToObj(i -> new Tombstone("" + i)).toList();
        members.forEach(member -> deadlines.set(member, 10));
        deadlines.set(members.getFirst(), 10);

        assertThat(drain(deadlines, 10)).containsExactly("1", "2", "3", "4", "0");
    }

    @Test
    void givesNothingBeforeItsTime() {
        Deadlines deadlines = new Deadlines();
        deadlines.set(new Tombstone("a"), 10);

        assertThat(deadlines.pollDue(9)).isNull();
        assertThat(deadlines.nextMillis()).isEqualTo(10);
        assertThat(deadlines.pollDue(10)).isNotNull();
        assertThat(deadlines.nextMillis()).isEqualTo(Timed.NEVER);
    }

    @Test
    void neverMeansRemoved() {
        Deadlines deadlines = new Deadlines();
        Tombstone member = new Tombstone("a");
        deadlines.set(member, 10);
        deadlines.set(member, Timed.NEVER);

        assertThat(deadlines.size()).isZero();
    }

    @Test
    void agreesWithSortingUnderRandomChanges() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        Deadlines deadlines = new Deadlines();
        List<Tombstone> members =
                IntStream.range(0, 200).mapToObj(i -> new Tombstone("" + i)).toList();
        for (int i = 0; i < 5_000; i++) {
            Tombstone member = members.get(random.nextInt(members.size()));
            if (random.nextInt(4) == 0) {
                deadlines.remove(member);
            } else {
                deadlines.set(member, random.nextInt(1_000));
            }
        }
        List<String> expected =
                members.stream()
                        .filter(member -> member.heapIndex >= 0)
                        .sorted(
                                Comparator.<Tombstone>comparingLong(m -> m.wakeAtMillis)
                                        .thenComparingLong(m -> m.wakeOrder))
                        .map(member -> member.id)
                        .toList();

        assertThat(drain(deadlines, 1_000)).as("seed %d", seed).isEqualTo(expected);
    }

    private static List<String> drain(Deadlines deadlines, long now) {
        List<String> ids = new ArrayList<>();
        for (Timed next = deadlines.pollDue(now); next != null; next = deadlines.pollDue(now)) {
            ids.add(((Tombstone) next).id);
        }
        return ids;
    }
}
