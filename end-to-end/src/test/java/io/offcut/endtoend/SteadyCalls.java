package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.client.Item;
import io.offcut.client.MapOptions;
import io.offcut.client.MapSummary;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.frame.InvocationStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls a function of the test bundle that makes letters large on each of some pools, without
 * pause.
 */
final class SteadyCalls {
    private static final Duration LONG = Duration.ofSeconds(90);

    private final AtomicInteger made = new AtomicInteger();
    private final BitSet right = new BitSet();
    private final List<String> wrong = new ArrayList<>();
    private final List<CompletableFuture<MapSummary>> maps = new ArrayList<>();
    private final String function;
    private final int atOnce;
    private volatile boolean over;

    /**
     * @param atOnce calls of one pool that are under way
     */
    SteadyCalls(String function, int atOnce, List<WorkerPool> pools) {
        this.function = function;
        this.atOnce = atOnce;
        Executor threads = task -> Thread.ofPlatform().daemon().start(task);
        for (WorkerPool pool : pools) {
            maps.add(CompletableFuture.supplyAsync(() -> mapOn(pool), threads));
        }
    }

    private MapSummary mapOn(WorkerPool pool) {
        return pool.map(
                function, new Inputs(), new MapOptions(false, atOnce, 1 << 20, 0), this::take);
    }

    private final class Inputs implements Iterator<Item<Integer>> {
        @Override
        public boolean hasNext() {
            return !over;
        }

        @Override
        public Item<Integer> next() {
            int number = made.getAndIncrement();
            return Item.of(number, text(number).getBytes(StandardCharsets.UTF_8));
        }
    }

    private synchronized void take(int tag, Result result) {
        boolean good =
                result.status() == InvocationStatus.OK
                        && new String(result.orThrow(), StandardCharsets.UTF_8)
                                .equals(text(tag).toUpperCase(Locale.ROOT));
        if (!good || right.get(tag)) {
            wrong.add(tag + ": " + result + (right.get(tag) ? " again" : ""));
        }
        right.set(tag);
    }

    private synchronized int answered() {
        return right.cardinality();
    }

    private synchronized List<String> wrong() {
        return List.copyOf(wrong);
    }

    /** Waits until so many more have come back. */
    void goOn(int more) {
        int enough = answered() + more;
        await("calls that go on").atMost(LONG).until(() -> answered() >= enough);
        assertThat(wrong()).isEmpty();
    }

    /** Makes no more. */
    void stop() {
        over = true;
    }

    /** Waits for the rest after {@link #stop}: each must have come back once, and right. */
    void checkAll() throws Exception {
        for (CompletableFuture<MapSummary> map : maps) {
            assertThat(map.get(LONG.toSeconds(), TimeUnit.SECONDS).failed()).isZero();
        }
        assertThat(wrong()).isEmpty();
        assertThat(answered())
                .as("calls of which each came back once")
                .isEqualTo(made.get())
                .isPositive();
    }

    private static String text(int number) {
        return "call " + number;
    }
}
