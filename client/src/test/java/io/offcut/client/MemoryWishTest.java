package io.offcut.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.client.internal.NodeApi;
import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.lease.EndReason;
import io.offcut.executor.MemoryChannel;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MemoryWishTest {
    private final FakeCluster cluster = new FakeCluster((_, _, input) -> input);

    /** What the nodes answer, one after the other; then they open. */
    private final Deque<OffcutException> refusals = new ArrayDeque<>();

    /** How requests end at once, by the number of the request. */
    private final Map<Integer, EndReason> endings = new HashMap<>();

    private final List<String> opened = new ArrayList<>();

    private final MemoryChannel channel =
            (MemoryChannel)
                    Proxy.newProxyInstance(
                            MemoryChannel.class.getClassLoader(),
                            new Class<?>[] {MemoryChannel.class},
                            (_, method, _) -> {
                                throw new UnsupportedOperationException(method.getName());
                            });

    private final SchedulerApi scheduler =
            (SchedulerApi)
                    Proxy.newProxyInstance(
                            SchedulerApi.class.getClassLoader(),
                            new Class<?>[] {SchedulerApi.class},
                            (_, method, arguments) -> {
                                if (method.getName().equals("submit")) {
                                    cluster.refusal = endings.get(cluster.submissions + 1);
                                }
                                try {
                                    return method.invoke(cluster, arguments);
                                } catch (InvocationTargetException e) {
                                    throw Objects.requireNonNull(e.getCause());
                                }
                            });

    private final NodeApi nodes =
            new NodeApi() {
                @Override
                public OpenedLease open(String url, String leaseId, OpenLeaseRequest request) {
                    OffcutException refusal = refusals.poll();
                    if (refusal != null) {
                        throw refusal;
                    }
                    opened.add(leaseId);
                    return cluster.open(url, leaseId, request);
                }
            };

    private MemoryWish.Opened await(Duration queue) {
        MemoryLease.Site site = new MemoryLease.Site(scheduler, nodes, _ -> channel, "host");
        return new MemoryWish(site, MemoryOptions.of(1 << 20).queue(queue), List.of("n9")).await();
    }

    private List<String> lastNotOnNodes() {
        return cluster.requests.values().stream()
                .filter(request -> request.end == null)
                .findFirst()
                .orElseThrow()
                .wish
                .notOnNodes();
    }

    @Test
    void asksForAnotherLeaseWhenAJobTakesTheFirstBeforeItIsOpen() {
        refusals.add(new OffcutException(ErrorCode.CONFLICT, "lease l2 has ended: RECLAIMED"));

        MemoryWish.Opened got = await(Duration.ofSeconds(30));

        assertThat(opened).containsExactly(got.lease().leaseId());
        assertThat(cluster.submissions).isEqualTo(2);
        assertThat(cluster.liveLeases()).containsExactly(got.lease().leaseId());
        assertThat(lastNotOnNodes()).containsExactly("n9");
    }

    @Test
    void asksForAnotherLeaseWhenTheRequestEndsBeforeItsGrantIsSeen() {
        endings.put(1, EndReason.RECLAIMED);

        MemoryWish.Opened got = await(Duration.ofSeconds(30));

        assertThat(cluster.submissions).isEqualTo(2);
        assertThat(cluster.liveLeases()).containsExactly(got.lease().leaseId());
    }

    @Test
    void opensASlowExecutorsLeaseAgain() {
        refusals.add(new OffcutException(ErrorCode.UNREACHABLE, "is still starting; try again"));

        await(Duration.ofSeconds(30));

        assertThat(cluster.submissions).isEqualTo(1);
        assertThat(opened).hasSize(1);
    }

    @Test
    void asksAnotherNodeWhenAnExecutorFails() {
        refusals.add(new OffcutException(ErrorCode.FUNCTION_FAILED, "no room in /dev/shm"));

        MemoryWish.Opened got = await(Duration.ofSeconds(30));

        assertThat(lastNotOnNodes()).hasSize(2).startsWith("n9");
        assertThat(opened).containsExactly(got.lease().leaseId());
    }

    @Test
    void asksANodeThatFailedAgainWhenNoOtherHasAny() {
        refusals.add(new OffcutException(ErrorCode.FUNCTION_FAILED, "killed by signal 9"));
        endings.put(2, EndReason.QUEUE_TIMEOUT);

        await(Duration.ofSeconds(30));

        assertThat(cluster.submissions).isEqualTo(3);
        assertThat(lastNotOnNodes()).containsExactly("n9");
    }

    @Test
    void saysInTheEndWhyTheLastLeaseWasLost() {
        for (int i = 0; i < 100; i++) {
            refusals.add(new OffcutException(ErrorCode.EXHAUSTED, "no room in /dev/shm"));
        }

        assertThatThrownBy(() -> await(Duration.ZERO))
                .isInstanceOf(OffcutException.class)
                .hasMessageMatching("node n[0-9]: no room in /dev/shm");
        assertThat(cluster.submissions).isEqualTo(3);
        assertThat(cluster.liveLeases()).isEmpty();
    }

    @Test
    void doesNotAskAgainForWhatCannotBeHad() {
        refusals.add(new OffcutException(ErrorCode.FORBIDDEN, "lease l2 is not yours"));

        assertThatThrownBy(() -> await(Duration.ofSeconds(30))).hasMessage("lease l2 is not yours");
        assertThat(cluster.submissions).isEqualTo(1);
        assertThat(cluster.liveLeases()).isEmpty();
    }

    @Test
    void saysThatNothingWasFree() {
        endings.put(1, EndReason.QUEUE_TIMEOUT);

        assertThatThrownBy(() -> await(Duration.ofSeconds(1)))
                .hasMessageContaining("no node had 1 MiB of memory free within 1.0 s")
                .hasMessageContaining("QUEUE_TIMEOUT");
        assertThat(cluster.submissions).isEqualTo(1);
    }
}
