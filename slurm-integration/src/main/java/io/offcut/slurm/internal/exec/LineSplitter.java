package io.offcut.slurm.internal.exec;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Cuts a stream of bytes into lines of UTF-8 text; the rest of an overlong line is dropped. */
final class LineSplitter extends OutputStream {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final int maxLineBytes;
    private final Consumer<String> consumer;

    LineSplitter(int maxLineBytes, Consumer<String> consumer) {
        this.maxLineBytes = maxLineBytes;
        this.consumer = consumer;
    }

    @Override
    public synchronized void write(int b) {
        if (b == '\n') {
            finish();
        } else if (line.size() < maxLineBytes) {
            line.write(b);
        }
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        for (int i = 0; i < length; i++) {
            write(bytes[offset + i]);
        }
    }

    /** Hands over what is left when the stream has ended. */
    synchronized void finish() {
        if (line.size() > 0) {
            consumer.accept(line.toString(StandardCharsets.UTF_8));
            line.reset();
        }
    }
}
