package io.offcut.scheduler.internal.http;

import io.offcut.scheduler.internal.LeaseDesk;

/**
 * Who sent a request.
 *
 * @param user empty for a node
 */
record Principal(String user, Kind kind) {
    /** What they may do. */
    enum Kind {
        NOBODY,
        NODE,
        USER,
        OPERATOR
    }

    static final Principal NOBODY = new Principal("", Kind.NOBODY);
    static final Principal NODE = new Principal("", Kind.NODE);

    boolean isOperator() {
        return kind == Kind.OPERATOR;
    }

    LeaseDesk.Asker asker() {
        return new LeaseDesk.Asker(user, isOperator());
    }
}
