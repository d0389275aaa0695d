package io.offcut.scheduler.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.scheduler.NodeObservation;
import io.offcut.testing.SharedData;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A day of a real cluster (Prometheus at Cyfronet, 17 March 2022): which nodes were idle, looked at
 * every ten seconds. Guesses are made as a scheduler makes them, from what has ended by then.
 */
class IdleCalibrationTest {
    private static final List<Long> ELAPSED_MILLIS = List.of(0L, 60_000L, 300_000L, 1_200_000L);

    /** What was guessed of intervals that had lasted so long, and how many ended earlier. */
    private static final class Score {
        private int guesses;
        private int earlier;
        private int unknown;
        private final List<Long> remainingMillis = new ArrayList<>();

        double share() {
            return (double) earlier / guesses;
        }
    }

    private record Guess(Score score, long endMillis) {}

    private record Sample(long atMillis, Set<String> idle) {}

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.25, 0.5})
    void ofAllIntervalsAboutTheQuantileEndsEarlierThanGuessed(double quantile) {
        List<Sample> day = read(SharedData.require("idle/17_03_2022_idle_nodes.txt.gz"));
        Map<Long, Score> scores = replay(day, quantile);

        scores.forEach((elapsed, score) -> {
            score.remainingMillis.sort(null);
            System.out.printf(
                    "quantile %.2f, idle for %4d s: %d guesses, median %d s, %.3f ended earlier, %d unknown%n",
                    quantile,
                    elapsed / 1_000,
                    score.guesses,
                    score.remainingMillis.get(score.guesses / 2) / 1_000,
                    score.share(),
                    score.unknown);
            assertThat(score.guesses).as("guesses after %d ms", elapsed).isGreaterThan(150);
            assertThat(score.share())
                    .as("share that ended earlier than guessed after %d ms", elapsed)
                    .isCloseTo(quantile, within(score.guesses > 400 ? 0.08 : 0.12));
        });
    }

    private static Map<Long, Score> replay(List<Sample> day, double quantile) {
        IdleHistory history = new IdleHistory(quantile, Map.of());
        Map<Long, Score> scores = new TreeMap<>();
        ELAPSED_MILLIS.forEach(elapsed -> scores.put(elapsed, new Score()));
        Set<String> names = new TreeSet<>();
        day.forEach(sample -> names.addAll(sample.idle()));
        Set<String> unknownBeginning = new HashSet<>(day.getFirst().idle());
        Map<String, List<Guess>> open = new HashMap<>();
        Map<String, Integer> asked = new HashMap<>();
        for (Sample sample : day) {
            for (String name : names) {
                boolean idle = sample.idle().contains(name);
                NodeObservation seen =
                        new NodeObservation(name, List.of("p"), 1, idle ? 0 : 1, true, List.of());
                history.observe(seen, sample.atMillis());
                if (idle && !unknownBeginning.contains(name)) {
                    ask(history, seen, sample.atMillis(), scores, open, asked);
                } else {
                    asked.remove(name);
                    if (!idle) {
                        unknownBeginning.remove(name);
                    }
                    for (Guess guess : open.getOrDefault(name, List.of())) {
                        guess.score().guesses++;
                        guess.score().earlier += sample.atMillis() < guess.endMillis() ? 1 : 0;
                    }
                    open.remove(name);
                }
            }
        }
        long evening = day.getLast().atMillis();
        open.values().stream()
                .flatMap(List::stream)
                .filter(guess -> guess.endMillis() <= evening)
                .forEach(guess -> guess.score().guesses++);
        return scores;
    }

    private static void ask(
            IdleHistory history,
            NodeObservation seen,
            long nowMillis,
            Map<Long, Score> scores,
            Map<String, List<Guess>> open,
            Map<String, Integer> asked) {
        Long since = history.idleSinceMillis(seen.node());
        int done = asked.getOrDefault(seen.node(), 0);
        if (since == null
                || done == ELAPSED_MILLIS.size()
                || nowMillis - since < ELAPSED_MILLIS.get(done)) {
            return;
        }
        asked.put(seen.node(), done + 1);
        Score score = Objects.requireNonNull(scores.get(ELAPSED_MILLIS.get(done)));
        long remaining = history.remainingMillis(seen, nowMillis);
        if (remaining < 0) {
            score.unknown++;
        } else {
            score.remainingMillis.add(remaining);
            open.computeIfAbsent(seen.node(), n -> new ArrayList<>())
                    .add(new Guess(score, nowMillis + remaining));
        }
    }

    /** Idle for batch jobs is what runs a pilot job, too. */
    private static List<Sample> read(Path file) {
        List<Sample> samples = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.UTF_8))) {
            long at = 0;
            Set<String> idle = new HashSet<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.strip().split("\\s+", -1);
                if (line.startsWith("----")) {
                    samples.add(new Sample(at, idle));
                    idle = new HashSet<>();
                } else if (line.startsWith("invokers:")) {
                    addNodes(words.length > 1 ? words[1] : "", idle);
                } else if (words.length == 6 && words[4].equals("idle")) {
                    addNodes(words[5], idle);
                } else if (words.length == 1 && words[0].matches("\\d+")) {
                    at = Long.parseLong(words[0]) * 1_000;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return samples;
    }

    /** {@code p0016,p[0220,0301-0303]}. */
    private static void addNodes(String list, Set<String> nodes) {
        for (String item : list.split(",(?![^\\[]*\\])", -1)) {
            int open = item.indexOf('[');
            if (open < 0) {
                if (!item.isBlank()) {
                    nodes.add(item);
                }
                continue;
            }
            for (String range : item.substring(open + 1, item.indexOf(']')).split(",", -1)) {
                String[] ends = range.split("-", -1);
                int last = Integer.parseInt(ends[ends.length - 1]);
                for (int i = Integer.parseInt(ends[0]); i <= last; i++) {
                    nodes.add(item.substring(0, open) + String.format("%04d", i));
                }
            }
        }
    }
}
