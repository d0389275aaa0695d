package io.offcut.slurm;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmNode.Availability;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
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
        List<NodeChange> seen = new CopyOnWriteArrayList<>();

        try (var _ =
                SlurmClusterReader.start(
                        () -> List.of(node("a", next(answers), "r")),
                        Duration.ofMillis(5),
                        change -> {
                            seen.add(change);
                            throw new IllegalStateException("a consumer made to fail");
                        })) {
            await().atMost(30, SECONDS).until(() -> seen.size() == 2);
        }

        assertThat(seen)
                .extracting(NodeChange::availability)
                .containsExactly(Availability.DRAINED, Availability.AVAILABLE);
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
