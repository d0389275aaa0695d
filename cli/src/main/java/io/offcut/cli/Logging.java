package io.offcut.cli;

import ch.qos.logback.classic.Level;
import org.slf4j.LoggerFactory;

/** How much is logged. Logs go to standard error, one line each (logback.xml). */
final class Logging {
    /** Whether levels may differ from those of logback.xml. */
    private static boolean changed;

    private Logging() {}

    /** A daemon tells of its life, a command only of trouble. */
    static synchronized void level(boolean daemon, boolean verbose) {
        if (!daemon && !verbose && !changed) {
            // As logback.xml has it; to ask for a logger would cost a command's start.
            return;
        }
        changed = true;
        set("ROOT", daemon && !verbose ? Level.INFO : Level.WARN);
        set("io.offcut", verbose ? Level.DEBUG : daemon ? Level.INFO : Level.WARN);
        set("org.eclipse.jetty", Level.WARN);
    }

    private static void set(String logger, Level level) {
        if (LoggerFactory.getLogger(logger) instanceof ch.qos.logback.classic.Logger known) {
            known.setLevel(level);
        }
    }
}
