package io.offcut.scheduler.brain;

import io.offcut.core.lease.LeaseTerms;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Someone who wants workers: opens, renews, gives back, dies, and tries old tokens again. */
final class FakeClient {
    final String requestId;
    final String user;
    private final History history;
    private final Wish wish;
    private final Map<String, LeaseTerms> tokens = new LinkedHashMap<>();
    private boolean alive = true;
    private long heardAtMillis;

    FakeClient(History history, String requestId) {
        this.history = history;
        this.requestId = requestId;
        Random random = history.random;
        this.user = "u" + random.nextInt(3);
        boolean memory = random.nextInt(5) == 0;
        int workers = memory ? 0 : 1 + random.nextInt(random.nextInt(8) == 0 ? 10 : 6);
        this.wish =
                new Wish(
                        workers,
                        random.nextInt(3) == 0 && !memory
                                ? 1 + random.nextInt(workers)
                                : Math.min(1, workers),
                        random.nextInt(4) * FakeNode.BYTES_PER_CORE / 2,
                        1_000 + random.nextInt(25_000),
                        random.nextInt(4) == 0 ? 0 : random.nextInt(15_000),
                        random.nextInt(3) == 0 ? "h" + (1 + random.nextInt(8)) : "",
                        random.nextBoolean());
    }

    void begin() {
        if (history.calm) {
            return;
        }
        heardAtMillis = history.now;
        history.feed(new BrainEvent.WorkersRequested(requestId, user, wish.request()));
        Random random = history.random;
        if (random.nextInt(2) == 0) {
            history.in(random.nextInt(30_000), this::release);
        }
        if (random.nextInt(3) == 0) {
            history.in(random.nextInt(20_000), this::die);
        }
        if (random.nextInt(3) == 0) {
            history.in(random.nextInt(20_000), this::endOne);
        }
        renewLater();
        replayLater();
    }

    /** How long the scheduler may take it for alive. */
    long aliveUntilMillis() {
        return heardAtMillis + Math.min(wish.ttlMillis(), History.CONFIG.maxTtlMillis());
    }

    void die() {
        alive = false;
    }

    private void release() {
        if (alive) {
            history.feed(new BrainEvent.RequestReleased(requestId));
        }
    }

    private void endOne() {
        if (alive && !tokens.isEmpty()) {
            String id = tokens.keySet().iterator().next();
            history.feed(
                    history.random.nextBoolean()
                            ? new BrainEvent.LeaseReleased(id)
                            : new BrainEvent.LeaseRevoked(id));
        }
    }

    private void renewLater() {
        history.in(
                Math.max(300, Math.min(wish.ttlMillis(), 20_000) / 3),
                () -> {
                    if (alive) {
                        heardAtMillis = history.now;
                        history.feed(new BrainEvent.RequestRenewed(requestId));
                        renewLater();
                    }
                });
    }

    void granted(LeaseTerms terms) {
        tokens.put(terms.leaseId(), terms);
        if (alive && !history.happens(history.faults.unansweredOpens())) {
            int patience = history.random.nextInt(8) == 0 ? 8_000 : 300;
            history.in(1 + history.random.nextInt(patience), () -> open(terms.leaseId()));
        }
    }

    void renewed(LeaseTerms terms) {
        tokens.put(terms.leaseId(), terms);
    }

    /** Shows some token it ever got, whether it is still good or not. */
    private void replayLater() {
        history.in(
                history.someTime(6_000),
                () -> {
                    if (alive) {
                        if (!tokens.isEmpty()) {
                            List<String> ids = List.copyOf(tokens.keySet());
                            open(ids.get(history.random.nextInt(ids.size())));
                        }
                        replayLater();
                    }
                });
    }

    private void open(String leaseId) {
        LeaseTerms terms = tokens.get(leaseId);
        FakeNode node = terms == null ? null : history.nodes.get(terms.nodeName());
        if (alive && terms != null && node != null) {
            node.open(terms);
        }
    }
}
