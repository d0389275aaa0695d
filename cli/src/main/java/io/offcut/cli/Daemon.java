package io.offcut.cli;

import java.net.URI;

/** What the daemons have in common: they run in the foreground until they are told to end. */
final class Daemon {
    private Daemon() {}

    /** Says where it listens, then waits for a signal. The caller closes what it started. */
    static void serve(Io io, Stopping stopping, String name, URI uri) throws InterruptedException {
        io.print("offcut " + name + ": ready at " + uri);
        stopping.await(null);
    }
}
