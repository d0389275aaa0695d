package io.offcut.traces;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes function traces as {@link AzureFunctions} reads them: the columns of Azure's 2021 trace
 * and one for memory. For any thread.
 */
public final class FunctionTraceWriter {
    private static final String HEAD =
            "app,func,end_timestamp,duration," + AzureFunctions.MEMORY_BYTES + "\n";

    private FunctionTraceWriter() {}

    /** Writes a line a call, in the order of their arrivals; the stream stays open. */
    public static void write(OutputStream out, FunctionTrace trace) throws IOException {
        out.write(HEAD.getBytes(StandardCharsets.US_ASCII));
        StringBuilder line = new StringBuilder();
        for (int call = 0; call < trace.calls(); call++) {
            line.setLength(0);
            String name = trace.functions().get(trace.function(call));
            int slash = name.indexOf('/');
            line.append(slash < 0 ? name : name.substring(0, slash)).append(',');
            line.append(slash < 0 ? name : name.substring(slash + 1)).append(',');
            seconds(line, trace.arrivalMillis(call) + trace.durationMillis(call)).append(',');
            seconds(line, trace.durationMillis(call)).append(',');
            line.append(Math.max(-1, trace.memoryBytes(call))).append('\n');
            out.write(line.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static StringBuilder seconds(StringBuilder line, long millis) {
        return line.append(millis / 1000)
                .append('.')
                .append((char) ('0' + millis / 100 % 10))
                .append((char) ('0' + millis / 10 % 10))
                .append((char) ('0' + millis % 10));
    }
}
