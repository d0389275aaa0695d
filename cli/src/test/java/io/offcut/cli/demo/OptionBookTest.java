package io.offcut.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

final class OptionBookTest {
    @Test
    void sameSeedSameBook() {
        assertThat(new OptionBook(2, 10, 7).input(1)).isEqualTo(new OptionBook(2, 10, 7).input(1));
        assertThat(new OptionBook(2, 10, 7).input(1))
                .isNotEqualTo(new OptionBook(2, 10, 8).input(1));
    }

    @Test
    void acceptsRightPricesAndNoOthers() {
        OptionBook book = new OptionBook(1, 3, 7);
        byte[] prices = priceByPutCallParityAndSimpson(book.input(0));
        assertThat(book.matches(0, MemorySegment.ofArray(prices))).isFalse();
        // The table's approximation of the normal distribution is good to 7.5e-8, prices of about
        // 100 then to some 1e-5.
        assertThat(largestDifference(book, prices)).isLessThan(5e-5);
        assertThat(book.matches(0, MemorySegment.ofArray(new byte[48]))).isFalse();
        assertThat(book.matches(0, MemorySegment.ofArray(Arrays.copyOf(prices, 47)))).isFalse();
    }

    /** An independent price: the normal distribution by Simpson's rule. */
    private static byte[] priceByPutCallParityAndSimpson(byte[] options) {
        ByteBuffer in = ByteBuffer.wrap(options).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out =
                ByteBuffer.allocate(options.length / 40 * 16).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            double spot = in.getDouble();
            double strike = in.getDouble();
            double years = in.getDouble();
            double rate = in.getDouble();
            double volatility = in.getDouble();
            double d1 =
                    (Math.log(spot / strike) + (rate + volatility * volatility / 2) * years)
                            / (volatility * Math.sqrt(years));
            double call =
                    spot * normal(d1)
                            - strike
                                    * Math.exp(-rate * years)
                                    * normal(d1 - volatility * Math.sqrt(years));
            out.putDouble(call).putDouble(call - spot + strike * Math.exp(-rate * years));
        }
        return out.array();
    }

    private static double normal(double x) {
        int steps = 20_000;
        double from = -10;
        double width = (x - from) / steps;
        double sum = density(from) + density(x);
        for (int i = 1; i < steps; i++) {
            sum += density(from + i * width) * (i % 2 == 0 ? 2 : 4);
        }
        return sum * width / 3;
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    private static double largestDifference(OptionBook book, byte[] prices) {
        ByteBuffer buffer = ByteBuffer.wrap(prices).order(ByteOrder.LITTLE_ENDIAN);
        double largest = 0;
        for (int i = 0; i < prices.length / 8; i++) {
            largest = Math.max(largest, Math.abs(buffer.getDouble(i * 8) - book.expected(0, i)));
        }
        return largest;
    }

    @Test
    void compressedFilesAreCheckedByContent() throws IOException {
        byte[] original = "some text, some text".getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
            out.write(original);
        }
        byte[] good = compressed.toByteArray();
        assertThat(Workload.decompressesTo(good, original)).isTrue();
        assertThat(Workload.decompressesTo(good, "other text".getBytes(StandardCharsets.UTF_8)))
                .isFalse();
        assertThat(Workload.decompressesTo(Arrays.copyOf(good, good.length - 5), original))
                .isFalse();
        assertThat(Workload.decompressesTo(original, original)).isFalse();
    }

    @Test
    void theLoadTakesEachNodeOnceAndGivesItBack() {
        Timeline timeline = Timeline.of(CpuSet.of(0), CpuSet.of(1));
        assertThat(timeline.at(0).cores().isEmpty()).isTrue();
        assertThat(timeline.at(4_999).cores().isEmpty()).isTrue();
        assertThat(timeline.at(5_000).cores()).isEqualTo(CpuSet.of(1));
        assertThat(timeline.at(15_000).cores()).isEqualTo(CpuSet.of(0));
        assertThat(timeline.at(timeline.endMillis()).cores().isEmpty()).isTrue();
    }
}
