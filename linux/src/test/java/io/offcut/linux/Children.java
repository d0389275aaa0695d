package io.offcut.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Real child processes for tests; all of them end with {@link #close}. */
final class Children implements AutoCloseable {
    private final List<Process> started = new ArrayList<>();

    /** Burns CPU until killed. */
    Process spinning() {
        return shell("while :; do :; done");
    }

    Process sleeping() {
        return start("sleep", "600");
    }

    Process shell(String script) {
        return start("sh", "-c", script);
    }

    Process start(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            started.add(process);
            return process;
        } catch (IOException e) {
            throw new IllegalStateException("cannot start " + List.of(command), e);
        }
    }

    @Override
    public void close() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
