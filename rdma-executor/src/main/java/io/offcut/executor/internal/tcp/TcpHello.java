package io.offcut.executor.internal.tcp;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The first 64 bytes in each direction of a connection, little-endian. The client speaks first, and
 * sends nothing more until it has the reply.
 *
 * <pre>
 * hello                                reply
 *  0 int   magic "OFCH"                 0 int   magic "OFCW"
 *  4 short version                      4 short version of the worker
 *  6 short zero                         6 short zero
 *  8 int   worker                       8 int   0, or why not
 * 12 int   zero                        12 int   slots
 * 16 32 bytes secret, hexadecimal      16 int   payloadBytes
 * 48 …     zero                        20 …     zero
 * </pre>
 */
final class TcpHello {
    static final int BYTES = 64;
    static final int HELLO_MAGIC = 0x4843464F; // "OFCH"
    static final int REPLY_MAGIC = 0x5743464F; // "OFCW"
    static final int SECRET_BYTES = 32;

    /** Reply besides those of {@link InvocationStatus}: the secret is wrong. */
    static final int UNAUTHORIZED = -100;

    /** Reply besides those of {@link InvocationStatus}: there is no such worker. */
    static final int NO_SUCH_WORKER = -101;

    private static final int VERSION_OFFSET = 4;
    private static final int WORKER_OFFSET = 8;
    private static final int STATUS_OFFSET = 8;
    private static final int SLOTS_OFFSET = 12;
    private static final int SECRET_OFFSET = 16;
    private static final int PAYLOAD_BYTES_OFFSET = 16;

    private TcpHello() {}

    static ByteBuffer hello(int worker, String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.US_ASCII);
        return frame(HELLO_MAGIC)
                .putInt(WORKER_OFFSET, worker)
                .put(SECRET_OFFSET, bytes, 0, Math.min(bytes.length, SECRET_BYTES));
    }

    static ByteBuffer reply(int status, int slots, int payloadBytes) {
        return frame(REPLY_MAGIC)
                .putInt(STATUS_OFFSET, status)
                .putInt(SLOTS_OFFSET, slots)
                .putInt(PAYLOAD_BYTES_OFFSET, payloadBytes);
    }

    private static ByteBuffer frame(int magic) {
        return ByteBuffer.allocate(BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, magic)
                .putShort(VERSION_OFFSET, InvocationFrame.VERSION);
    }

    /**
     * Judges a hello without looking at the worker.
     *
     * @return 0, or the reply's status
     */
    static int check(ByteBuffer hello, byte[] secret) {
        if (hello.getInt(0) != HELLO_MAGIC) {
            return InvocationStatus.MALFORMED.code();
        }
        if (hello.getShort(VERSION_OFFSET) != InvocationFrame.VERSION) {
            return InvocationStatus.WRONG_VERSION.code();
        }
        byte[] shown = new byte[SECRET_BYTES];
        hello.get(SECRET_OFFSET, shown);
        return MessageDigest.isEqual(shown, secret) ? 0 : UNAUTHORIZED;
    }

    static int worker(ByteBuffer hello) {
        return hello.getInt(WORKER_OFFSET);
    }

    static boolean isReply(ByteBuffer reply) {
        return reply.getInt(0) == REPLY_MAGIC;
    }

    static int version(ByteBuffer reply) {
        return reply.getShort(VERSION_OFFSET);
    }

    static int status(ByteBuffer reply) {
        return reply.getInt(STATUS_OFFSET);
    }

    static int slots(ByteBuffer reply) {
        return reply.getInt(SLOTS_OFFSET);
    }

    static int payloadBytes(ByteBuffer reply) {
        return reply.getInt(PAYLOAD_BYTES_OFFSET);
    }
}
