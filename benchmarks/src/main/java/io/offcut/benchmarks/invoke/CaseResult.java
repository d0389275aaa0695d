package io.offcut.benchmarks.invoke;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one case showed. Times are medians over the rounds of that round's percentile, in
 * nanoseconds; rates are medians of the rounds.
 *
 * @param name of the case
 * @param client that called
 * @param transport {@code shm}, {@code tcp}, {@code grpc}, {@code process}
 * @param mode {@code hot}, {@code open}, {@code warm}, {@code cold}, {@code pipelined}, {@code
 *     bulk}, {@code map}, {@code planner}
 * @param payloadBytes input of one call
 * @param rate per second, where the case is about throughput, or at which calls were due
 * @param rawRate the same for the bare mechanism
 * @param ratio ours over raw; of rates or of times
 * @param bound what must hold, in words
 * @param kept whether it does; null where there is none
 * @param notes what else was seen
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record CaseResult(
        @JsonProperty("case") String name,
        Client client,
        String transport,
        String mode,
        @JsonProperty("payload_bytes") int payloadBytes,
        @JsonProperty("p50_ns") @Nullable Long p50Nanos,
        @JsonProperty("p99_ns") @Nullable Long p99Nanos,
        @JsonProperty("p999_ns") @Nullable Long p999Nanos,
        @JsonProperty("raw_p50_ns") @Nullable Long rawP50Nanos,
        @JsonProperty("raw_p99_ns") @Nullable Long rawP99Nanos,
        @JsonProperty("per_second") @Nullable Double rate,
        @JsonProperty("raw_per_second") @Nullable Double rawRate,
        @Nullable Double ratio,
        @Nullable String bound,
        @Nullable Boolean kept,
        List<String> notes) {
    CaseResult {
        notes = List.copyOf(notes);
    }

    static CaseResult latency(Shape shape, Rounds rounds) {
        Rounds.Percentiles ours = rounds.ours();
        Rounds.Percentiles raw = rounds.raw();
        return new CaseResult(
                shape.name(),
                Client.JAVA,
                shape.transport(),
                shape.mode(),
                shape.payloadBytes(),
                ours.p50(),
                ours.p99(),
                ours.p999(),
                raw == null ? null : raw.p50(),
                raw == null ? null : raw.p99(),
                null,
                null,
                raw == null ? null : ours.p50() / (double) raw.p50(),
                null,
                null,
                List.of());
    }

    /** Of calls that move their payload so many times. */
    static CaseResult bandwidth(Shape shape, Rounds rounds, int directions) {
        CaseResult latency = latency(shape, rounds);
        double nanos = (double) directions * shape.payloadBytes() * 1e9;
        double rate = nanos / latency.p50();
        double bare = nanos / latency.rawP50();
        return new CaseResult(
                shape.name(),
                latency.client(),
                shape.transport(),
                shape.mode(),
                shape.payloadBytes(),
                latency.p50Nanos(),
                latency.p99Nanos(),
                latency.p999Nanos(),
                latency.rawP50Nanos(),
                latency.rawP99Nanos(),
                rate,
                bare,
                rate / bare,
                null,
                null,
                List.of("rates are bytes/s"));
    }

    static CaseResult throughput(Shape shape, double rate, @Nullable Double rawRate) {
        return new CaseResult(
                shape.name(),
                Client.JAVA,
                shape.transport(),
                shape.mode(),
                shape.payloadBytes(),
                null,
                null,
                null,
                null,
                null,
                rate,
                rawRate,
                rawRate == null ? null : rate / rawRate,
                null,
                null,
                List.of());
    }

    long p50() {
        return Objects.requireNonNull(p50Nanos, name);
    }

    long p99() {
        return Objects.requireNonNull(p99Nanos, name);
    }

    long rawP50() {
        return Objects.requireNonNull(rawP50Nanos, name);
    }

    long rawP99() {
        return Objects.requireNonNull(rawP99Nanos, name);
    }

    double toRaw() {
        return Objects.requireNonNull(ratio, name);
    }

    CaseResult bound(String text, boolean holds) {
        return with(client, rate, ratio, text, holds, notes);
    }

    CaseResult notes(String... more) {
        return with(client, rate, ratio, bound, kept, List.of(more));
    }

    CaseResult by(Client caller) {
        return with(caller, rate, ratio, bound, kept, notes);
    }

    CaseResult ratio(double toRaw) {
        return with(client, rate, toRaw, bound, kept, notes);
    }

    /** Of calls that were due so often a second. */
    CaseResult at(double perSecond) {
        return with(client, perSecond, ratio, bound, kept, notes);
    }

    /** The same measurement, told otherwise. */
    private CaseResult with(
            Client by,
            @Nullable Double perSecond,
            @Nullable Double toRaw,
            @Nullable String text,
            @Nullable Boolean holds,
            List<String> more) {
        return new CaseResult(
                name,
                by,
                transport,
                mode,
                payloadBytes,
                p50Nanos,
                p99Nanos,
                p999Nanos,
                rawP50Nanos,
                rawP99Nanos,
                perSecond,
                rawRate,
                toRaw,
                text,
                holds,
                more);
    }

    /** Who calls. */
    enum Client {
        JAVA("java"),
        C("c");

        private final String label;

        Client(String label) {
            this.label = label;
        }

        @JsonValue
        String label() {
            return label;
        }
    }

    /** What is measured. */
    record Shape(String name, String transport, String mode, int payloadBytes) {}
}
