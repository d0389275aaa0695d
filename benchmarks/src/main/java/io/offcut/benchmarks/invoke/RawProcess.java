package io.offcut.benchmarks.invoke;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * The process at the other end of a bare mechanism: on the executor's CPU and in its scheduling
 * class. It sleeps on its standard input between rounds and obeys one word a line.
 */
final class RawProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final Writer orders;

    RawProcess(Class<?> main, String... arguments) throws IOException {
        process =
                OtherProcess.idle(main, arguments)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        orders = process.outputWriter(StandardCharsets.US_ASCII);
    }

    /** The rest of its next line, which begins with this word. */
    String expect(String word) throws IOException {
        String said = answers.readLine();
        if (said == null || !said.startsWith(word)) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "bench: the bare peer said '" + said + "'");
        }
        return said.substring(word.length()).strip();
    }

    /** Has it begin; it says {@code stopped} when it has ended. */
    void order(String order) throws IOException {
        orders.write(order + "\n");
        orders.flush();
        String ignored = expect("ready");
    }

    @Override
    public void close() throws IOException {
        orders.close();
        OtherProcess.end(process);
    }
}
