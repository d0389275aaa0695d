package io.offcut.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/**
 * The text of a kernel file in memory that is used again for the next one, so that reading many
 * files leaves no garbage. For one thread.
 */
public final class KernelText {
    private static final int PAGE_BYTES = 4096;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(PAGE_BYTES);
    private byte[] bytes = new byte[PAGE_BYTES];
    private int length;

    /** This text, for tests and for what is read once. */
    static KernelText of(String text) {
        KernelText result = new KernelText();
        result.bytes = text.getBytes(ISO_8859_1);
        result.length = result.bytes.length;
        return result;
    }

    /** Reads the file from its beginning, at most {@link KernelFile#MAX_BYTES} of it. */
    void fill(FileChannel file) throws IOException {
        length = 0;
        buffer.clear();
        int read = file.read(buffer, 0);
        // The kernel gives a file of less than a page at once; asking again costs as much.
        while (read > 0 && buffer.position() >= PAGE_BYTES) {
            if (!buffer.hasRemaining() && !grow()) {
                break;
            }
            read = file.read(buffer, buffer.position());
        }
        length = buffer.position();
        buffer.flip();
        buffer.get(bytes, 0, length);
    }

    private boolean grow() {
        if (buffer.capacity() >= KernelFile.MAX_BYTES) {
            return false;
        }
        ByteBuffer larger = ByteBuffer.allocateDirect(2 * buffer.capacity());
        buffer.flip();
        buffer = larger.put(buffer);
        bytes = new byte[larger.capacity()];
        return true;
    }

    void clear() {
        length = 0;
    }

    int length() {
        return length;
    }

    /** The byte there; a line end behind the last. */
    byte at(int index) {
        return index < length ? bytes[index] : (byte) '\n';
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, length);
    }

    boolean isSame(byte[] other) {
        return Arrays.equals(bytes, 0, length, other, 0, other.length);
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, ISO_8859_1);
    }

    /** The whole text as one number; {@code otherwise} when it is not one. */
    long number(long otherwise) {
        int end = numberEnd(0);
        return end > 0 && isBlankFrom(end) ? numberAt(0, otherwise) : otherwise;
    }

    /** The number in the line {@code key number} of a flat-keyed file, else {@code otherwise}. */
    long field(String key, long otherwise) {
        for (int start = 0; start < length; start = lineEnd(start) + 1) {
            if (startsWith(key, start) && at(start + key.length()) == ' ') {
                return numberAt(start + key.length() + 1, otherwise);
            }
        }
        return otherwise;
    }

    boolean startsWith(String word, int start) {
        if (start + word.length() > length) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[start + i] != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Where the line ends that this is in. */
    int lineEnd(int start) {
        int end = start;
        while (at(end) != '\n') {
            end++;
        }
        return end;
    }

    /** The digits that begin there; {@code otherwise} when there are none or too many. */
    long numberAt(int start, long otherwise) {
        int end = numberEnd(start);
        if (end == start || end - start > 18) {
            return otherwise;
        }
        long value = 0;
        for (int i = start; i < end; i++) {
            value = 10 * value + (bytes[i] - '0');
        }
        return value;
    }

    /** Where the digits end that begin there. */
    int numberEnd(int start) {
        int end = start;
        while (end < length && bytes[end] >= '0' && bytes[end] <= '9') {
            end++;
        }
        return end;
    }

    private boolean isBlankFrom(int start) {
        for (int i = start; i < length; i++) {
            if (bytes[i] != '\n' && bytes[i] != ' ') {
                return false;
            }
        }
        return true;
    }
}
