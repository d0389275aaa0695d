package io.offcut.scheduler.internal;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.NodeView;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.scheduler.internal.state.Drains;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Takes nodes out of service and back. Methods block until the core has answered. */
public final class NodeDesk {
    private static final long ANSWER_MILLIS = 10_000;

    private final BrainLoop loop;
    private final Drains drains;

    public NodeDesk(BrainLoop loop, Drains drains) {
        this.loop = loop;
        this.drains = drains;
        drains.all()
                .forEach((node, reason) -> loop.apply(new BrainEvent.NodeDrained(node, reason)));
    }

    /**
     * Nothing more is placed there and its leases end; survives a restart.
     *
     * @throws OffcutException {@code EXHAUSTED} if the disk is full; then nothing changed
     */
    public NodeView drain(String node, String reason) {
        joined(loop.call(turn -> find(turn, node)));
        drains.add(node, reason);
        return change(node, new BrainEvent.NodeDrained(node, reason));
    }

    /** The node may be used again. As {@link #drain}. */
    public NodeView resume(String node) {
        joined(loop.call(turn -> find(turn, node)));
        drains.remove(node);
        return change(node, new BrainEvent.NodeResumed(node));
    }

    /** Reasons of the nodes that were drained and not resumed. */
    public Map<String, String> drained() {
        return drains.all();
    }

    private NodeView change(String node, BrainEvent event) {
        return joined(
                loop.call(turn -> {
                    turn.apply(event);
                    return find(turn, node);
                }));
    }

    private static NodeView find(BrainLoop.Turn turn, String node) {
        return turn.brain().nodes(turn.nowMillis()).stream()
                .filter(view -> view.node().name().equals(node))
                .findFirst()
                .orElseThrow(() ->
                        new OffcutException(
                                ErrorCode.NOT_FOUND,
                                "there is no node '"
                                        + Json.printable(node)
                                        + "'; GET /v1/nodes lists them"));
    }

    private static <T> T joined(CompletableFuture<T> future) {
        try {
            return future.orTimeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof OffcutException known) {
                throw known;
            }
            throw e;
        }
    }
}
