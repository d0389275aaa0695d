package io.offcut.node.internal.link;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** From a user number to a name, as the machine's name service has it (getent(1)). */
final class UserName {
    private static final long PATIENCE_SECONDS = 5;
    private static final int MAX_BYTES = 4096;

    private UserName() {}

    /** Empty if the number is nobody's or the service does not answer. Blocks for seconds then. */
    static Optional<String> of(int uid) throws InterruptedException {
        if (uid < 0) {
            return Optional.empty();
        }
        try {
            Process getent =
                    new ProcessBuilder("getent", "passwd", String.valueOf(uid))
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            try {
                // It writes one line, which the pipe holds.
                boolean done = getent.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
                return done && getent.exitValue() == 0 ? name(getent) : Optional.empty();
            } finally {
                getent.destroyForcibly();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> name(Process getent) throws IOException {
        try (InputStream out = getent.getInputStream()) {
            String entry = new String(out.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
            int end = entry.indexOf(':');
            return end > 0 ? Optional.of(entry.substring(0, end)) : Optional.empty();
        }
    }
}
