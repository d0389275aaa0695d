package io.offcut.scheduler.brain;

import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The scheduling core: registry of nodes, offers, leases, queue, fairness, revocation. For one
 * thread.
 */
public interface Brain {
    /**
     * Takes one event and returns what is to be done, in order. Never blocks, never throws for what
     * an event says.
     *
     * @param nowMillis present time; never smaller than at an earlier call
     */
    List<BrainCommand> apply(long nowMillis, BrainEvent event);

    /**
     * When the core wants its next {@link BrainEvent.Tick} at the latest; {@code Long.MAX_VALUE}
     * for never.
     */
    long nextDeadlineMillis();

    /** All nodes it knows, by name. */
    List<NodeView> nodes(long nowMillis);

    /** One request, also for a while after its end; null when there is none. Tokens are null. */
    @Nullable RequestView request(String requestId);

    /** All requests that are not over, in the order they came. Tokens are null. */
    List<RequestView> requests();

    /**
     * A new core. It knows nothing: nodes tell it what they run, the caller what is drained.
     *
     * @param policy where workers go, for example {@link Placements#defaultPolicy()}
     * @param epoch distinguishes the ids of this core from those of any that ran before: leases are
     *     numbered {@code epoch-1}, {@code epoch-2}, …, and a lease with the epoch of another core
     *     is adopted from the node that runs it
     */
    static Brain create(BrainConfig config, PlacementPolicy policy, String epoch) {
        return new StateMachine(config, policy, epoch);
    }
}
