package io.offcut.scheduler.brain;

import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;

/** The connection between one node and the scheduler, in both directions. */
final class FaultyLink {
    private final History history;
    private final FakeNode node;
    private boolean up;

    FaultyLink(History history, FakeNode node) {
        this.history = history;
        this.node = node;
    }

    boolean up() {
        return up;
    }

    void connect() {
        if (!up && node.alive()) {
            up = true;
            node.sendSnapshot();
        }
    }

    /** Breaks; the node connects again after a while. */
    void breakDown(boolean schedulerSees) {
        if (!up) {
            return;
        }
        up = false;
        long incarnation = node.incarnation;
        if (schedulerSees) {
            history.in(
                    history.random.nextInt(2_000),
                    () -> history.feed(new BrainEvent.LinkLost(node.name, incarnation)));
        }
        history.in(history.random.nextInt(5_000), this::connect);
    }

    void toBrain(NodeMessage message) {
        long incarnation = node.incarnation;
        carry(() -> history.feed(new BrainEvent.FromNode(node.name, incarnation, message)));
    }

    void toNode(SchedulerMessage message) {
        carry(() -> {
            if (up && node.alive()) {
                node.told(message);
            }
        });
    }

    private void carry(Runnable delivery) {
        if (!up) {
            return;
        }
        if (history.calm) {
            history.in(1, delivery);
            return;
        }
        if (history.happens(history.faults.lost())) {
            return;
        }
        history.in(delay(), delivery);
        if (history.happens(history.faults.duplicated())) {
            history.in(delay(), delivery);
        }
    }

    private long delay() {
        return history.happens(history.faults.late())
                ? history.random.nextLong(history.faults.lateMillis())
                : 1 + history.random.nextInt(5);
    }
}
