package io.offcut.executor.internal.control;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One line between an executor and its node daemon, version {@value #VERSION}: a word and its
 * values, separated by blanks, UTF-8, ended by a newline. Text values are URL-encoded; the empty
 * text is {@code ~}.
 *
 * <pre>
 * executor:  HELLO version lease generation pid secret first line of a connection
 *            CHANNEL worker transport path host port secret slots payloadBytes
 *            PROBLEM complaint                         a confinement that could not be had
 *            READY                                     after all CHANNEL and PROBLEM lines
 *            USAGE invocations executing polling       totals, times in µs; when they have changed
 *            RESTING                                   nothing of the lease is left here
 * daemon:    END status                                answer everything with this status and exit
 *            REST status                               the same, and rest instead of exiting, unless
 *                                                      a function still runs
 *            LEASE path                                to one that rests: its next specification
 * </pre>
 *
 * An executor says everything again on each connection, so that a restarted daemon learns it.
 */
public sealed interface ControlLine {
    int VERSION = 2;

    /** A longer line is not one. */
    int MAX_CHARS = 8192;

    record Hello(int version, String leaseId, int generation, long pid, String secret)
            implements ControlLine {}

    record Channel(ChannelDescriptor descriptor) implements ControlLine {}

    record Problem(String complaint) implements ControlLine {}

    record Ready() implements ControlLine {}

    record Usage(long invocations, long executingMicros, long hotPollingMicros)
            implements ControlLine {}

    record Resting() implements ControlLine {}

    record End(InvocationStatus status) implements ControlLine {}

    record Rest(InvocationStatus status) implements ControlLine {}

    record Lease(String specFile) implements ControlLine {}

    /** The line without its newline. */
    default String text() {
        return switch (this) {
            case Hello hello ->
                    join(
                            "HELLO",
                            hello.version,
                            hello.leaseId,
                            hello.generation,
                            hello.pid,
                            hello.secret);
            case Channel(ChannelDescriptor channel) ->
                    join(
                            "CHANNEL",
                            channel.worker(),
                            channel.transport(),
                            channel.path(),
                            channel.host(),
                            channel.port(),
                            channel.secret(),
                            channel.slots(),
                            channel.payloadBytes());
            case Problem problem -> join("PROBLEM", problem.complaint);
            case Ready() -> "READY";
            case Usage usage ->
                    join("USAGE", usage.invocations, usage.executingMicros, usage.hotPollingMicros);
            case Resting() -> "RESTING";
            case End end -> join("END", end.status);
            case Rest rest -> join("REST", rest.status);
            case Lease lease -> join("LEASE", lease.specFile);
        };
    }

    /**
     * Reads a line.
     *
     * @throws IllegalArgumentException if it is not one; the message does not repeat it, since it
     *     may hold a secret
     */
    static ControlLine parse(String line) {
        String[] words = line.split(" ", 10);
        try {
            List<String> values = new ArrayList<>();
            for (int i = 1; i < words.length; i++) {
                values.add(decode(words[i]));
            }
            return parse(words[0], values);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "not a control line (" + line.length() + " characters)", e);
        }
    }

    private static ControlLine parse(String word, List<String> values) {
        return switch (word) {
            case "HELLO" ->
                    new Hello(
                            Integer.parseInt(values.get(0)),
                            values.get(1),
                            Integer.parseInt(values.get(2)),
                            Long.parseLong(values.get(3)),
                            values.get(4));
            case "CHANNEL" ->
                    new Channel(
                            new ChannelDescriptor(
                                    Integer.parseInt(values.get(0)),
                                    values.get(1),
                                    values.get(2),
                                    values.get(3),
                                    Integer.parseInt(values.get(4)),
                                    values.get(5),
                                    Integer.parseInt(values.get(6)),
                                    Integer.parseInt(values.get(7))));
            case "PROBLEM" -> new Problem(values.get(0));
            case "READY" -> new Ready();
            case "USAGE" ->
                    new Usage(
                            Long.parseLong(values.get(0)),
                            Long.parseLong(values.get(1)),
                            Long.parseLong(values.get(2)));
            case "RESTING" -> new Resting();
            case "END" -> new End(InvocationStatus.valueOf(values.get(0)));
            case "REST" -> new Rest(InvocationStatus.valueOf(values.get(0)));
            case "LEASE" -> new Lease(values.get(0));
            default -> throw new IllegalArgumentException("unknown word");
        };
    }

    private static String join(String word, Object... values) {
        StringBuilder line = new StringBuilder(word);
        for (Object value : values) {
            String text = URLEncoder.encode(value.toString(), StandardCharsets.UTF_8);
            line.append(' ').append(text.isEmpty() ? "~" : text);
        }
        return line.toString();
    }

    private static String decode(String word) {
        return word.equals("~") ? "" : URLDecoder.decode(word, StandardCharsets.UTF_8);
    }
}
