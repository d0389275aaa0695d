package io.offcut.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Rows of numbers as bytes, without an object for each. For one thread. */
final class CsvBytes implements AutoCloseable {
    private static final int LONGEST = 64;
    private static final long MILLION = 1_000_000;

    private final OutputStream out;
    private final byte[] buffer = new byte[64 * 1024];
    private final byte[] digits = new byte[20];
    private int used;

    CsvBytes(OutputStream out) {
        this.out = out;
    }

    void text(String ascii) throws IOException {
        flush();
        out.write(ascii.getBytes(StandardCharsets.US_ASCII));
    }

    void separator(char separator) throws IOException {
        room();
        buffer[used++] = (byte) separator;
    }

    void number(long value) throws IOException {
        room();
        long rest = value;
        if (rest < 0) {
            buffer[used++] = '-';
        }
        int at = digits.length;
        do {
            digits[--at] = (byte) ('0' + Math.abs(rest % 10));
            rest /= 10;
        } while (rest != 0);
        System.arraycopy(digits, at, buffer, used, digits.length - at);
        used += digits.length - at;
    }

    /**
     * A quotient to six digits behind the point, halves to even, without zeros at the end.
     *
     * @param part at least 0, at most 9·10¹²
     * @param whole above 0
     */
    void quotient(long part, long whole) throws IOException {
        long scaled = part * MILLION;
        long millionths = scaled / whole;
        long twice = 2 * (scaled % whole);
        if (twice > whole || (twice == whole && (millionths & 1) == 1)) {
            millionths++;
        }
        millionths(millionths);
    }

    /** A number of at least 0 and below 9·10¹², in the same form. */
    void decimal(double value) throws IOException {
        millionths((long) Math.rint(value * MILLION));
    }

    private void millionths(long value) throws IOException {
        number(value / MILLION);
        long fraction = value % MILLION;
        if (fraction > 0) {
            buffer[used++] = '.';
            for (long unit = MILLION / 10; fraction > 0; unit /= 10) {
                buffer[used++] = (byte) ('0' + fraction / unit);
                fraction %= unit;
            }
        }
    }

    private void room() throws IOException {
        if (used + LONGEST > buffer.length) {
            flush();
        }
    }

    private void flush() throws IOException {
        out.write(buffer, 0, used);
        used = 0;
    }

    @Override
    public void close() throws IOException {
        flush();
        out.close();
    }
}
