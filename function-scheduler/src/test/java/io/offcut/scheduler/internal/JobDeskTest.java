package io.offcut.scheduler.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.core.api.JobView;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.api.RequestView;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.BrainConfig;
import io.offcut.scheduler.brain.Placements;
import java.security.KeyPairGenerator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long jobs are known, and how many. Nothing is ever granted here. */
class JobDeskTest {
    private static final LeaseRequest WISH =
            new LeaseRequest("b", 1, 1, 1, 1, 60_000, 60_000, 0, "", true);

    private final ExecutorService answers = Executors.newVirtualThreadPerTaskExecutor();
    private final BrainLoop loop =
            new BrainLoop(
                    Brain.create(BrainConfig.DEFAULT, Placements.defaultPolicy(), "t"), answers);
    private LeaseDesk leases;

    @BeforeEach
    void start() throws Exception {
        Tokens tokens =
                new Tokens(KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate());
        leases = new LeaseDesk(loop, tokens, new Metrics(), answers);
        loop.start((command, brain) -> {});
    }

    @AfterEach
    void stop() {
        loop.close();
        answers.shutdownNow();
    }

    private static <T> T within(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    private static JobView announce(JobDesk desk, String job) throws Exception {
        return within(desk.announce(job, "n1", "ada", WISH, List.of(), ref -> ref));
    }

    private static RequestView submit(JobDesk desk, String job) throws Exception {
        return within(desk.submit(job, new LeaseDesk.Asker("eve", false), WISH, ref -> ref));
    }

    @Test
    void aJobOfWhichNothingIsHeardIsForgottenAndItsRequestsAreNot() throws Exception {
        JobDesk desk = new JobDesk(loop, leases, 0);
        String placed = announce(desk, "1").requestIds().getFirst();
        assertThat(announce(desk, "1").requestIds()).hasSize(1).doesNotContain(placed);
        assertThat(within(desk.end("2", "n1"))).isTrue();
        assertThat(within(leases.list(new LeaseDesk.Asker("ada", false))))
                .extracting(RequestView::requestId)
                .contains(placed);
    }

    @Test
    void aJobThatIsAnnouncedAgainIsKnown() throws Exception {
        JobDesk desk = new JobDesk(loop, leases);
        JobView first = announce(desk, "1");
        assertThat(announce(desk, "1")).isEqualTo(first);
    }

    @Test
    void programsThatNameJobsDoNotKeepNodesFromAnnouncingThem() throws Exception {
        JobDesk desk = new JobDesk(loop, leases);
        int limit = 10_000;
        announce(desk, "0");
        for (int i = 1; i < limit; i++) {
            RequestView made = submit(desk, String.valueOf(i));
            within(leases.release(new LeaseDesk.Asker("eve", false), made.requestId()));
        }
        for (int i = 1; i < limit; i++) {
            within(desk.announce(String.valueOf(i), "n1", "ada", null, List.of(), ref -> ref));
        }
        assertThatThrownBy(() -> announce(desk, "10000"))
                .hasRootCauseInstanceOf(OffcutException.class)
                .hasMessageContaining("10000 jobs");
        assertThat(submit(desk, "10000").user()).isEqualTo("eve");
        assertThat(announce(desk, "0").requestIds()).hasSize(1);
    }
}
