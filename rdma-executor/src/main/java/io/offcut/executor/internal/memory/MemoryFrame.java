package io.offcut.executor.internal.memory;

import io.offcut.core.frame.MemoryStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;

/**
 * What goes over a connection to a holder of memory, version {@value #VERSION}, little-endian. The
 * client says hello and waits for the reply; after it requests and responses are pipelined, and
 * responses come in the order of the requests. What a write carries follows its request, what a
 * read brings follows its response.
 *
 * <pre>
 * hello, 64 bytes                 reply, 64 bytes
 *  0 int   magic "OFMH"            0 int   magic "OFMW"
 *  4 int   version                 4 int   version of the holder
 * 16 32 bytes secret, hexadecimal  8 int   0, or why not: {@link MemoryStatus}, or −100 for a wrong
 *                                          secret
 *                                 16 long  bytes of memory
 *
 * request, 40 bytes               response, 32 bytes
 *  0 int   magic "OFMQ"            0 int   magic "OFMR"
 *  4 int   operation               4 int   status; {@link MemoryStatus}
 *  8 long  offset                  8 long  what an atomic operation found
 * 16 int   length                 16 int   bytes that follow: of a read that went well, its length
 * 20 int   sequence               20 int   sequence of the request; −1: of the whole connection,
 *                                          which ends
 * 24 long  addend, or expected    24 int   1 when the memory is about to be taken back
 * 32 long  new value
 * </pre>
 */
final class MemoryFrame {
    static final int VERSION = 1;
    static final int HELLO_BYTES = 64;
    static final int REQUEST_BYTES = 40;
    static final int RESPONSE_BYTES = 32;

    static final int READ = 1;
    static final int WRITE = 2;
    static final int FETCH_AND_ADD = 3;
    static final int COMPARE_AND_SWAP = 4;

    /** Sequence of a response that speaks for the whole connection. */
    static final int WHOLE_CONNECTION = -1;

    static final int UNAUTHORIZED = -100;

    /** Longest read or write of one request. */
    static final int MAX_LENGTH = 1 << 30;

    private static final int HELLO_MAGIC = 0x484D464F; // "OFMH"
    private static final int REPLY_MAGIC = 0x574D464F; // "OFMW"
    private static final int REQUEST_MAGIC = 0x514D464F; // "OFMQ"
    private static final int RESPONSE_MAGIC = 0x524D464F; // "OFMR"
    private static final int SECRET_OFFSET = 16;
    private static final int SECRET_BYTES = 32;

    private MemoryFrame() {}

    /**
     * Reads a hello or a reply. Blocks for at most the time-out.
     *
     * @throws IOException if it does not come in time
     */
    static ByteBuffer readHello(SocketChannel socket, int timeoutMillis) throws IOException {
        byte[] bytes = new byte[HELLO_BYTES];
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        for (int read = 0; read < HELLO_BYTES; ) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
            if (left <= 0) {
                throw new IOException("no hello in time");
            }
            socket.socket().setSoTimeout((int) left);
            int came = socket.socket().getInputStream().read(bytes, read, HELLO_BYTES - read);
            if (came < 0) {
                throw new IOException("it hung up without a word");
            }
            read += came;
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer hello(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
        return of(HELLO_MAGIC).put(SECRET_OFFSET, bytes, 0, Math.min(bytes.length, SECRET_BYTES));
    }

    /** Judges a hello. @return 0, or the reply's status */
    static int check(ByteBuffer hello, byte[] secret) {
        if (hello.getInt(0) != HELLO_MAGIC) {
            return MemoryStatus.MALFORMED.code();
        }
        if (hello.getInt(4) != VERSION) {
            return MemoryStatus.WRONG_VERSION.code();
        }
        byte[] shown = new byte[SECRET_BYTES];
        hello.get(SECRET_OFFSET, shown);
        return MessageDigest.isEqual(shown, secret) ? 0 : UNAUTHORIZED;
    }

    static ByteBuffer reply(int status, long bytes) {
        return of(REPLY_MAGIC).putInt(8, status).putLong(16, bytes);
    }

    static boolean isReply(ByteBuffer reply) {
        return reply.getInt(0) == REPLY_MAGIC;
    }

    static int replyStatus(ByteBuffer reply) {
        return reply.getInt(8);
    }

    static long replyBytes(ByteBuffer reply) {
        return reply.getLong(16);
    }

    private static ByteBuffer of(int magic) {
        return ByteBuffer.allocate(HELLO_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, magic)
                .putInt(4, VERSION);
    }

    static void putRequest(
            ByteBuffer out,
            int operation,
            long offset,
            int length,
            int sequence,
            long first,
            long second) {
        out.putInt(REQUEST_MAGIC)
                .putInt(operation)
                .putLong(offset)
                .putInt(length)
                .putInt(sequence)
                .putLong(first)
                .putLong(second);
    }

    static boolean isRequest(ByteBuffer in, int at) {
        int operation = in.getInt(at + 4);
        int length = in.getInt(at + 16);
        return in.getInt(at) == REQUEST_MAGIC
                && operation >= READ
                && operation <= COMPARE_AND_SWAP
                && length >= 0
                && length <= MAX_LENGTH
                && (operation <= WRITE || length == Long.BYTES);
    }

    static void putResponse(
            ByteBuffer out, int status, long value, int length, int sequence, boolean ending) {
        out.putInt(RESPONSE_MAGIC)
                .putInt(status)
                .putLong(value)
                .putInt(length)
                .putInt(sequence)
                .putInt(ending ? 1 : 0)
                .putInt(0);
    }

    static boolean isResponse(ByteBuffer in, int at) {
        return in.getInt(at) == RESPONSE_MAGIC;
    }
}
