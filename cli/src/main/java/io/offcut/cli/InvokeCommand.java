package io.offcut.cli;

import io.offcut.cli.JobDefaults.Variable;
import io.offcut.client.OffcutClient;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut invoke}. */
@Command(
        name = "invoke",
        description =
                "Calls a function once: input from a file or stdin, result to a file or stdout.",
        footerHeading = "%nExample:%n",
        footer = "  echo hello | offcut invoke gzip > hello.gz")
final class InvokeCommand implements Callable<Integer> {
    private static final String STANDARD = "-";
    private static final long MIN_PAYLOAD_BYTES = 1 << 20;

    private final Io io;

    @Mixin ClientOptions client = new ClientOptions();
    @Mixin LeaseFlags lease = new LeaseFlags();

    @Variable("OFFCUT_FUNCTION")
    @Parameters(
            paramLabel = "F",
            description = "bundle/function, bundle or function; over OFFCUT_FUNCTION.")
    String function = "";

    @Option(names = "--in", paramLabel = "FILE", description = "Input; - is stdin, the default.")
    String in = STANDARD;

    @Option(names = "--out", paramLabel = "FILE", description = "Result; - is stdout, the default.")
    String out = STANDARD;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How long at most, the wait for a worker included.")
    Duration timeout = Duration.ZERO;

    InvokeCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException {
        byte[] input = input();
        long payload = Math.max(MIN_PAYLOAD_BYTES, 2L * input.length);
        try (Stopping stopping = Stopping.interruptingOnSignal();
                OffcutClient offcut = client.connect(io);
                WorkerPool pool =
                        offcut.lease(
                                lease.options(
                                        function,
                                        1,
                                        Math.min(payload, InvocationFrame.MAX_PAYLOAD_BYTES)))) {
            String name = pool.function().spec().name();
            Result result = pool.invoke(name, MemorySegment.ofArray(input), timeout);
            stopping.clearInterrupt();
            if (!result.ok()) {
                throw failure(pool.function().name(), result);
            }
            output(result.payload());
            return 0;
        }
    }

    private byte[] input() throws IOException {
        try (InputStream from = in.equals(STANDARD) ? io.in() : open(Path.of(in))) {
            byte[] bytes = from.readNBytes(InvocationFrame.MAX_PAYLOAD_BYTES + 1);
            if (bytes.length > InvocationFrame.MAX_PAYLOAD_BYTES) {
                throw new OffcutException(
                        ErrorCode.TOO_LARGE, "input " + in + ": over 1 GiB: split it");
            }
            return bytes;
        }
    }

    private static InputStream open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "input " + file + ": is not a file: check its path");
        }
        return Files.newInputStream(file);
    }

    private void output(byte[] result) throws IOException {
        if (out.equals(STANDARD)) {
            io.out().write(result);
            io.out().flush();
        } else {
            OutputFiles.write(Path.of(out), result);
        }
    }

    private static OffcutException failure(String function, Result result) {
        ErrorCode code = code(result.status());
        return new OffcutException(
                code,
                "function "
                        + function
                        + ": "
                        + result.status()
                        + (result.nodeName().isEmpty() ? "" : " on node " + result.nodeName())
                        + ": "
                        + result.message());
    }

    private static ErrorCode code(InvocationStatus status) {
        return switch (status) {
            case TOO_LARGE -> ErrorCode.TOO_LARGE;
            case WRONG_VERSION -> ErrorCode.WRONG_VERSION;
            case BUSY, REVOKED, EXPIRED -> ErrorCode.NO_CAPACITY;
            case DISCONNECTED -> ErrorCode.UNREACHABLE;
            case NO_SUCH_FUNCTION -> ErrorCode.NOT_FOUND;
            case OK, FUNCTION_ERROR, CRASHED, TIMED_OUT, MALFORMED, CANCELLED ->
                    ErrorCode.FUNCTION_FAILED;
        };
    }
}
