package io.offcut.scheduler.brain;

import java.util.Comparator;
import java.util.TreeSet;

/** Who holds workers or waits for some. */
final class User {
    /** Fewest workers first, then whose first request came first. For users who wait. */
    static final Comparator<User> BY_TURN =
            Comparator.<User>comparingInt(user -> user.held)
                    .thenComparingLong(user -> user.queue.getFirst().arrival);

    final String name;

    /** Workers of granted and active leases. */
    int held;

    /** Requests that want more workers, in the order in which they get them. */
    final TreeSet<Request> queue = new TreeSet<>(Request.BY_RANK);

    User(String name) {
        this.name = name;
    }
}
