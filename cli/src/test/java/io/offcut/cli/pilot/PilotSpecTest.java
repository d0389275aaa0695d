package io.offcut.cli.pilot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PilotSpecTest {
    @Test
    void asksForWholeNodesThatCanBeTakenAwayAtAnyTime() {
        assertThat(spec(0).arguments(Duration.ofMinutes(30), Duration.ZERO))
                .contains(
                        "--job-name=offcut-pilot",
                        "--partition=idle",
                        "--time=30",
                        "--signal=TERM@30",
                        "--no-requeue",
                        "--exclusive",
                        "--mem=0",
                        "--account=physics")
                .noneMatch(option -> option.startsWith("--begin"));
    }

    @Test
    void asksForCoresAndMemoryAndALaterBegin() {
        assertThat(spec(4).arguments(Duration.ofMinutes(30), Duration.ofSeconds(60)))
                .contains("--cpus-per-task=4", "--mem=2048M", "--begin=now+60")
                .doesNotContain("--exclusive");
    }

    @Test
    void passesNothingOfTheUsersEnvironmentThatMayBeSecret() {
        assertThat(spec(0).arguments(Duration.ofMinutes(30), Duration.ZERO))
                .contains("--export=HOME,PATH,SLURM_CONF");
    }

    @Test
    void longerPilotsComeFirst() {
        assertThat(nice(Duration.ofHours(2))).isLessThan(nice(Duration.ofMinutes(10)));
        assertThat(nice(Duration.ofDays(9))).isPositive();
    }

    @Test
    void quotesTheDaemonsCommandForTheShell() {
        assertThat(spec(0).script()).contains(" java 'it'\\''s; here'").contains("srun --overlap");
    }

    private static long nice(Duration length) {
        return spec(0).arguments(length, Duration.ZERO).stream()
                .filter(option -> option.startsWith("--nice="))
                .mapToLong(option -> Long.parseLong(option.substring("--nice=".length())))
                .findFirst()
                .orElseThrow();
    }

    private static PilotSpec spec(int cores) {
        return new PilotSpec(
                "idle",
                cores,
                2L << 30,
                Duration.ofSeconds(30),
                Path.of("/logs"),
                List.of("--account=physics"),
                List.of("java", "it's; here"));
    }
}
