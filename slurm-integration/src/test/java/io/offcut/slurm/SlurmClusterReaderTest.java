package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.ErrorCode;
import io.offcut.core.IdleEnd;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmNode.Availability;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SlurmClusterReaderTest {
    private static SlurmNode node(String name, String flag, String reason) {
        Set<String> flags = flag.isEmpty() ? Set.of() : Set.of(flag);
        return new SlurmNode(
                name, SlurmNode.State.IDLE, flags, 8, 1, 0, 0, List.of("batch"), reason);
    }

    @Test
    void reportsOnlyWhatChanges() {
        var differences = new SlurmClusterReader.Differences();

        assertThat(differences.update(List.of(node("a", "", ""), node("b", "DRAIN", "fan"))))
                .containsExactly(new NodeChange("b", Availability.DRAINED, "fan"));
        assertThat(differences.update(List.of(node("a", "", ""), node("b", "DRAIN", "fan"))))
                .isEmpty();
        assertThat(differences.update(List.of(node("a", "POWERED_DOWN", "x"), node("b", "", "y"))))
                .containsExactlyInAnyOrder(
                        new NodeChange("a", Availability.DOWN, "x"),
                        new NodeChange("b", Availability.AVAILABLE, ""));
    }

    @Test
    void reportsANodeThatSlurmNoLongerListsOnce() {
        var differences = new SlurmClusterReader.Differences();
        differences.update(List.of(node("a", "", ""), node("b", "", "")));

        assertThat(differences.update(List.of(node("a", "", ""))))
                .containsExactly(new NodeChange("b", Availability.DOWN, "no longer in Slurm"));
        assertThat(differences.update(List.of(node("a", "", "")))).isEmpty();
        assertThat(differences.update(List.of(node("a", "", ""), node("b", "", ""))))
                .containsExactly(new NodeChange("b", Availability.AVAILABLE, ""));
    }

    @Test
    void pausesLongerWhileTheControllerIsSilent() {
        Duration interval = Duration.ofSeconds(5);

        assertThat(SlurmClusterReader.pause(interval, 0)).isEqualTo(interval);
        assertThat(SlurmClusterReader.pause(interval, 2)).isEqualTo(Duration.ofSeconds(20));
        assertThat(SlurmClusterReader.pause(interval, 1000))
                .isEqualTo(SlurmClusterReader.MAX_PAUSE);
        assertThat(SlurmClusterReader.pause(Duration.ofHours(1), 3)).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void goesOnAfterSilenceAndAfterAFailingConsumer() {
        BlockingQueue<String> answers =
                new LinkedBlockingQueue<>(List.of("silent", "DRAIN", "silent", ""));
        Seen seen = new Seen();
        seen.fails = true;

        try (var _ = SlurmClusterReader.start(new Fake(answers), Duration.ofMillis(5), seen)) {
            await().atMost(30, SECONDS).until(() -> seen.changes.size() == 2);
        }

        assertThat(seen.changes)
                .extracting(NodeChange::availability)
                .containsExactly(Availability.DRAINED, Availability.AVAILABLE);
        assertThat(seen.silences).hasValue(2);
    }

    @Test
    void keepsTheLastPlanWhileItCannotBeRead() {
        Fake slurm = new Fake(new LinkedBlockingQueue<>(List.of("")));
        Seen seen = new Seen();

        try (var _ = SlurmClusterReader.start(slurm, Duration.ofMillis(5), seen)) {
            await().atMost(30, SECONDS).until(() -> !seen.views.isEmpty());
            slurm.planIsSilent = true;
            await().atMost(30, SECONDS).until(() -> slurm.unanswered.get() > 0);
            int before = seen.views.size();
            await().atMost(30, SECONDS).until(() -> seen.views.size() > before);
        }

        IdleEnd planned = new IdleEnd(START.toEpochMilli(), IdleEnd.Why.PLAN, "7");
        assertThat(seen.views.getLast().ends()).isEqualTo(Map.of("a", List.of(planned)));
        assertThat(seen.silences).hasValue(0);
    }

    private static final Instant START = Instant.parse("2999-01-01T00:00:00Z");

    /** One node, whose flag is the next answer, and one pending job. */
    private static final class Fake implements SlurmClusterReader.Source {
        private final BlockingQueue<String> answers;
        private final AtomicInteger unanswered = new AtomicInteger();
        private volatile boolean planIsSilent;

        Fake(BlockingQueue<String> answers) {
            this.answers = answers;
        }

        @Override
        public List<SlurmNode> nodes() {
            return List.of(node("a", next(answers), "r"));
        }

        @Override
        public List<PlannedStart> plannedStarts() {
            if (planIsSilent) {
                unanswered.incrementAndGet();
                throw new OffcutException(ErrorCode.UNREACHABLE, "silent");
            }
            return List.of(new PlannedStart("7", START, List.of("a")));
        }

        @Override
        public List<SlurmReservation> reservations() {
            return List.of();
        }
    }

    private static final class Seen implements SlurmClusterReader.Listener {
        private final List<NodeChange> changes = new CopyOnWriteArrayList<>();
        private final List<ClusterView> views = new CopyOnWriteArrayList<>();
        private final AtomicInteger silences = new AtomicInteger();
        private volatile boolean fails;

        @Override
        public void changed(NodeChange change) {
            changes.add(change);
            if (fails) {
                throw new IllegalStateException("a consumer made to fail");
            }
        }

        @Override
        public void read(ClusterView view) {
            views.add(view);
        }

        @Override
        public void silent() {
            silences.incrementAndGet();
        }
    }

    private static String next(BlockingQueue<String> answers) {
        String answer = answers.peek();
        if (answers.size() > 1) {
            answers.remove();
        }
        if ("silent".equals(answer)) {
            throw new OffcutException(ErrorCode.UNREACHABLE, "silent");
        }
        return String.valueOf(answer);
    }
}
